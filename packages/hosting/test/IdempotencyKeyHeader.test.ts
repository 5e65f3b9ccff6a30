import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { fingerprint, parse } from "../src/IdempotencyKeyHeader.ts"

const key = (value: string) => Option.getOrUndefined(parse(value))

describe("an Idempotency-Key", () => {
  it("is the same key quoted and bare (H06)", () => {
    assert.strictEqual(key("8e03978e-40d5"), "8e03978e-40d5")
    assert.strictEqual(key("\"8e03978e-40d5\""), "8e03978e-40d5")
    assert.strictEqual(key("\"a \\\"b\\\" \\\\\""), "a \"b\" \\")
  })

  it("is 1 to 255 printable ASCII characters", () => {
    assert.isDefined(key("k".repeat(255)))
    assert.isDefined(key(`"${"k".repeat(255)}"`))
    for (
      const value of [
        "",
        "k".repeat(256),
        `"${"k".repeat(256)}"`,
        "\"",
        "\"\"",
        "\"a",
        "\"a\\\"",
        "\"a\" ",
        "k\u0000",
        "k\u007f",
        "k\u00e9"
      ]
    ) {
      assert.isUndefined(key(value), value)
    }
  })

  it("belongs to one method, route, path and body (H04)", () => {
    const prints = [
      fingerprint("POST", "/orders", [], "a"),
      fingerprint("PUT", "/orders", [], "a"),
      fingerprint("POST", "/orders/{id}/pay", [], "a"),
      fingerprint("POST", "/orders", ["a"], ""),
      fingerprint("POST", "/orders", [], "ab"),
      fingerprint("POST", "/orders", ["a"], "b")
    ]
    assert.strictEqual(new Set(prints).size, prints.length)
  })
})
