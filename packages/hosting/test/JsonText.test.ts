import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Schema } from "effect"
import { parse, withoutCardNumber } from "../src/JsonText.ts"

const asText = Schema.encodeSync(Schema.parseJson())

const refusalOf = (text: string) =>
  parse(text).pipe(
    Effect.tap(withoutCardNumber),
    Effect.match({ onFailure: ({ detail, name }) => `${name}: ${detail}`, onSuccess: () => "read" })
  )

const twice = "malformed-body: The JSON has an object in which one key stands twice."
const card = "card-number: Send the request without a card number."

describe("JSON that a stranger wrote", () => {
  it.effect.each<readonly [string, string]>([
    [`{"a":1,"a":1}`, twice],
    [`{"a":1,"a":2}`, twice],
    [`{"a":1,"b":2,"a":3}`, twice],
    [`{"a":1,"\\u0061":2}`, twice],
    [`{"\\u0061":1,"a":2}`, twice],
    [`{"a\\/b":1,"a/b":2}`, twice],
    [`{"\\"":1,"\\u0022":2}`, twice],
    [`{"\\ud83d\\ude00":1,"😀":2}`, twice],
    [`{"":1,"":2}`, twice],
    [`{"a"\t:1,\n"a" \r\n : 2}`, twice],
    [`[{"a":1,"a":2}]`, twice],
    [`{"a":{"b":[{"c":{"d":1,"e":2,"d":3}}]}}`, twice],
    [`{"a":{"x":1},"b":2,"a":{"x":1}}`, twice],
    [`{"toString":1,"toString":2}`, twice],
    [`{"${"k".repeat(1000)}":1,"${"k".repeat(1000)}":2}`, twice]
  ])("is refused where one key stands twice in one object: %s (H189)", ([text, refusal]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refusalOf(text), refusal)
    }))

  it.effect.each([
    `{"a":1,"A":2}`,
    `{"a":"a","b":"a"}`,
    `{"a":{"a":{"a":1}}}`,
    `[{"a":1},{"a":2}]`,
    `{"a":[{"b":1},{"b":2}],"b":1}`,
    `{"a":"\\"a\\":1","b":"{\\"a\\":1,\\"a\\":2}"}`,
    `["a","a"]`,
    `"a"`,
    `{"a":1,"\\\\u0061":2}`,
    `{"toString":1,"constructor":2}`
  ])("is read where each key stands once: %s", (text) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refusalOf(text), "read")
    }))

  it.effect.each<readonly [string, string]>([
    [``, "malformed-body: The body is empty."],
    [`{"a":1,"a"`, "malformed-body: The body is not valid JSON."],
    [`{"a`, "malformed-body: The body is not valid JSON."],
    [`{"a\\`, "malformed-body: The body is not valid JSON."],
    [`]]]]`, "malformed-body: The body is not valid JSON."],
    ["[".repeat(33), "malformed-body: The JSON nests deeper than 32 levels."],
    [`{"a":"4242424242424242"}`, card],
    [`{"a":["x",{"b":"4242 4242 4242 4242"}]}`, card],
    [`{"4242-4242-4242-4242":1}`, card],
    [`{"a":"\\u0034242424242424242"}`, card],
    [`"my card is ４２４２４２４２４２４２４２４２"`, card]
  ])(
    "is refused where it is none, too deep or holds a card number: %s (H189, H195)",
    ([text, refusal]) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* refusalOf(text), refusal)
      })
  )

  it.effect.prop(
    "is read as it was written, whatever it is",
    [fc.jsonValue({ maxDepth: 8 })],
    ([value]) =>
      Effect.gen(function*() {
        const text = asText(value)
        if (text.includes("__proto__") || text.includes("\\u0000") || /\\ud/i.test(text)) return
        assert.strictEqual(asText(yield* parse(text)), text)
      })
  )
})
