import { assert, describe, it } from "@effect/vitest"
import { catalog } from "@quartet/contracts/Catalog"
import { EnvelopeJson } from "@quartet/messaging/Message"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import { handlers } from "../src/Inbound.ts"

const heard = catalog.filter(({ heardBy }) => heardBy.includes("inventory")).map(({ definition }) => definition.type)
const sample = (type: string) =>
  Schema.decodeSync(EnvelopeJson)(
    readFileSync(new URL(`../../../packages/contracts/test/samples/${type}.json`, import.meta.url), "utf8")
  )

const orderId = "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10"
const lines = [{ sku: "TEA-EARL-GREY-100", quantity: 2 }, { sku: "POT.CAST_IRON-0.8L", quantity: 1 }]
const commands = new Map<string, object>([
  ["order.placed.v1", { _tag: "Reserve", orderId, lines }],
  ["order.paid.v1", { _tag: "Commit", orderId, lines }],
  ["payment.failed.v1", { _tag: "Release", orderId, cause: "payment_failed" }],
  ["order.cancelled.v1", { _tag: "Release", orderId, cause: "order_cancelled" }],
  ["order.failed.v1", { _tag: "Release", orderId, cause: "order_failed" }]
])

describe("the inventory hears", () => {
  it("exactly what the catalogue says", () =>
    assert.deepStrictEqual(handlers.map(({ type }) => type).toSorted(), heard.toSorted()))

  it.effect.each(handlers)("$type as the command it means", (handler) =>
    Effect.gen(function*() {
      const command = yield* handler.translate(sample(handler.type))
      assert.deepStrictEqual({ ...command }, commands.get(handler.type))
    }))
})
