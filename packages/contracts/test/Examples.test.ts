import { assert, describe, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import { examples } from "../src/Examples.ts"
import { PayOrder, PlaceOrder } from "../src/OrderApi.ts"
import { RefundTotals } from "../src/OrderStatus.ts"
import { HistoryEntry, OrderChange, OrderSummary, OrderView, ProductView, RefundView } from "../src/OrderView.ts"
import { Problem } from "../src/Problem.ts"

const of: Readonly<Record<string, Schema.Schema.AnyNoContext>> = {
  PlaceOrder,
  PayOrder,
  Order: OrderView,
  OrderSummary,
  Refund: RefundView,
  RefundTotals,
  HistoryEntry,
  OrderChange,
  Product: ProductView,
  Problem
}

describe("the examples of the API's description", () => {
  it("are each of the kind that they stand for, and nothing beyond it", () => {
    for (const [name, schema] of Object.entries(of)) {
      const decoded = Schema.decodeUnknownEither(schema, { onExcessProperty: "error" })(examples[name])
      assert.isTrue(Either.isRight(decoded), `${name}: ${Either.isLeft(decoded) ? decoded.left.message : ""}`)
    }
    assert.deepStrictEqual(Object.keys(examples).toSorted(), Object.keys(of).toSorted())
  })
})
