import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import type { Delivery } from "../src/Broker.ts"
import { on } from "../src/Handler.ts"
import { longestBody } from "../src/internal/envelopes.ts"
import { openLetter, understand } from "../src/internal/letters.ts"
import * as Counter from "./support/Counter.ts"
import { letter } from "./support/Letters.ts"

const handlers = new Map([on(Counter.Count, ({ key }) => key)].map((handler) => [handler.type, handler]))
const { body: good } = letter(Counter.Count.say({ key: "a", amount: 1 }))

/** What a consumer makes of it: the command, or the first line of the reason why there is none. */
const readOf = (over: Partial<Delivery>) => {
  const delivery: Delivery = { body: good, attempt: 1, settle: () => Effect.void, ...over }
  const opened = openLetter(handlers, delivery)
  if (Either.isLeft(opened)) return opened.left.reason?.split("\n")[0] ?? "acknowledged"
  return Effect.runSync(Effect.match(understand(opened.right), {
    onFailure: ({ reason }) => reason.split("\n")[0] ?? "",
    onSuccess: ({ submission }) => `command ${submission.command}`
  }))
}

/** The good message with one part of its text replaced. */
const changed = (from: string | RegExp, to: string): Partial<Delivery> => {
  const body = good.replace(from, () => to)
  assert.notStrictEqual(body, good)
  return { body }
}
const attribute = (name: string, value: string) => changed(new RegExp(`"${name}":"[^"]*"`), `"${name}":${value}`)

const readable: ReadonlyArray<readonly [string, Partial<Delivery>]> = [
  ["as it was written", {}],
  ["with spaces and line breaks", { body: good.replaceAll("\",\"", "\" ,\n \"") }],
  ["with a name that is written in escapes", changed("\"amount\"", "\"\\u0061mount\"")],
  [
    "with fields and attributes that nobody knows",
    changed("\"data\":{", "\"extension\":\"x\",\"data\":{\"more\":[{\"key\":1}],")
  ],
  ["with a colon and quotes within a text", changed("\"data\":{", "\"data\":{\"more\":\"\\\"key\\\": \\\"key\\\":\",")],
  [
    "with a name in an object that an outer one has too",
    changed("\"data\":{", "\"data\":{\"data\":{\"key\":{\"key\":1}},")
  ],
  ["with a whole number written with an exponent", changed("\"amount\":1", "\"amount\":1e0")],
  ["with a field that is called __proto__", changed("\"data\":{", "\"data\":{\"__proto__\":{\"amount\":7},")],
  ["with a time of another offset", attribute("time", "\"2026-01-02T04:04:05+01:00\"")]
]

const unreadable: ReadonlyArray<readonly [string, Partial<Delivery>, RegExp]> = [
  ["nothing", { body: "" }, /Not an envelope/],
  ["no JSON", { body: "not json" }, /Not an envelope/],
  ["a JSON text of another shape", { body: "[1]" }, /Not an envelope/],
  ["an open bracket, a hundred thousand times", { body: "[".repeat(100_000) }, /Not an envelope/],
  [
    "arrays in arrays, a hundred thousand deep",
    changed("\"data\":{", `"data":{"deep":${"[".repeat(1e5)}${"]".repeat(1e5)},`),
    /./
  ],
  ["bytes that are no UTF-8", { body: "gICA", encoding: "base64" }, /no UTF-8/],
  ["a byte order mark before it", { body: `\uFEFF${good}` }, /Not an envelope/],
  ["a NUL byte within it", changed("\"data\"", "\u0000\"data\""), /Not an envelope/],
  ["more than is read", changed("\"data\":{", `"data":{"more":"${"x".repeat(longestBody)}",`), /more than the 1048576/],
  ["another version of CloudEvents", attribute("specversion", "\"0.3\""), /specversion/],
  ["no version of CloudEvents", changed("\"specversion\":\"1.0\",", ""), /specversion/],
  ["an id that is no UUID", attribute("id", "\"1\""), /at id/],
  ["an id in capitals", attribute("id", "\"0199AAAA-0000-7000-8000-000000000000\""), /at id/],
  ["an id that is a number", attribute("id", "17"), /at id/],
  ["a time that is no time", attribute("time", "\"yesterday\""), /at time: a moment/],
  ["a time without a zone", attribute("time", "\"2026-01-02T03:04:05\""), /at time: a moment/],
  ["a time that no calendar has", attribute("time", "\"2026-13-45T03:04:05Z\""), /at time: a moment/],
  ["a time in seconds", attribute("time", "1767323045"), /at time/],
  ["a type that is empty", attribute("type", "\"\""), /at type/],
  ["data of another type's schema", attribute("dataschema", "\"urn:quartet:message:clicker.other.v1\""), /dataschema/],
  ["data that is no JSON", attribute("datacontenttype", "\"text/xml\""), /datacontenttype/],
  ["data of an unknown kind", changed("\"datacontenttype\":\"application/json\",", ""), /datacontenttype/],
  ["the word of another service", attribute("source", "\"/quartet/order\""), /not for \/quartet\/order to say/],
  ["the word of nobody", attribute("source", "\"\""), /at source/],
  ["a subject that is empty", attribute("subject", "\"\""), /at subject/],
  ["a subject that its data is not about", attribute("subject", "\"b\""), /its subject is b, and its data is about a/],
  ["a subject with a line break", attribute("subject", "\"a\\n\""), /at subject/],
  ["a cause with a NUL", attribute("causationid", "\"a\\u0000\""), /NUL/],
  ["a correlation with a line break", attribute("correlationid", "\"a\\r\\nb\""), /at correlationid/],
  ["a NUL in its data", changed("\"data\":{", "\"data\":{\"more\":[\"\\u0000\"],"), /NUL or half a character/],
  ["a NUL in a name of its data", changed("\"data\":{", "\"data\":{\"\\u0000\":1,"), /NUL or half a character/],
  ["half a character in its data", changed("\"data\":{", "\"data\":{\"more\":\"\\ud83d\","), /NUL or half a character/],
  ["an id twice", changed("\"id\":", "\"id\":\"x\",\"id\":"), /one name twice/],
  ["data twice", changed("\"data\":", "\"data\":{},\"data\":"), /one name twice/],
  ["an amount twice", changed("\"amount\":1", "\"amount\":1,\"amount\":1"), /one name twice/],
  ["an amount twice, once in escapes", changed("\"amount\":1", "\"amount\":1,\"\\u0061mount\":1"), /one name twice/],
  [
    "a name twice, far inside",
    changed("\"data\":{", "\"data\":{\"more\":[{\"b\":{\"c\":1 , \"c\" : 2}}],"),
    /one name twice/
  ],
  ["no data", changed(/,"data":.*/, "}"), /clicker.count.v1/],
  ["data that lacks a field", changed("\"amount\":1", "\"amounts\":1"), /at amount/],
  ["an amount that is a text", changed("\"amount\":1", "\"amount\":\"1\""), /at amount/],
  ["an amount beyond counting", changed("\"amount\":1", "\"amount\":1e999"), /at amount/],
  ["a later version", attribute("type", "\"clicker.count.v2\""), /dataschema/]
]

describe("a message", () => {
  it.each(readable)("%s is read", (_, over) => {
    assert.strictEqual(readOf(over), "command a")
  })

  it.each(unreadable)("of %s is refused with its reason (H143, H144, H189)", (_, over, reason) => {
    assert.match(readOf(over), reason)
  })
})
