import { assert, describe, it } from "@effect/vitest"
import { HistoryEntry, OrderView } from "@quartet/contracts/OrderView"
import { Schema } from "effect"
import { timeline } from "../src/demo/Timeline.ts"

const at = "2026-01-01T00:00:00.000Z"
const id = "01a231c4-2ace-7140-98f4-c7ffb86beea6"

describe("the timeline of an order", () => {
  it.each([
    { amount: 1250, currency: "EUR", written: "12.50 EUR" },
    { amount: 5, currency: "USD", written: "0.05 USD" },
    { amount: 1250, currency: "JPY", written: "1250 JPY" },
    { amount: 1250, currency: "KWD", written: "1.250 KWD" }
  ])("has its price as $written", ({ amount, currency, written }) => {
    const total = { amount, currency }
    const order = Schema.decodeUnknownSync(OrderView)({
      id,
      status: "Draft",
      version: 1,
      lines: [{ sku: "tea", name: "Tea", quantity: 1, unitPrice: total }],
      total,
      refund: "none",
      placedAt: at,
      updatedAt: at
    })
    const entry = { version: 1, from: "Draft", to: "Draft", event: "OrderPlaced", actor: "alice", at, cause: id }
    const [title = ""] = timeline(order, [Schema.decodeUnknownSync(HistoryEntry)(entry)]).split("\n")
    assert.strictEqual(title.trim(), `order ${id}, ${written}`)
  })
})
