import { assert, describe, it } from "@effect/vitest"
import { catalog } from "@quartet/contracts/Catalog"
import { EnvelopeJson } from "@quartet/messaging/Message"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import { handlers } from "../src/Inbound.ts"

const heard = catalog.filter(({ heardBy }) => heardBy.includes("warehouse")).map(({ definition }) => definition.type)
const sample = (type: string) =>
  Schema.decodeSync(EnvelopeJson)(
    readFileSync(new URL(`../../../packages/contracts/test/samples/${type}.json`, import.meta.url), "utf8")
  )

describe("the warehouse hears", () => {
  it("exactly what the catalogue says", () =>
    assert.deepStrictEqual(handlers.map(({ type }) => type).toSorted(), heard.toSorted()))

  it.effect.each(handlers)("$type as a command about the order it is about", (handler) =>
    Effect.gen(function*() {
      const envelope = sample(handler.type)
      const command = yield* handler.translate(envelope)
      assert.strictEqual(command.orderId, envelope.subject)
    }))
})
