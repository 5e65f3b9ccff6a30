import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { RefundId } from "@quartet/contracts/Ids"
import { Context, Effect, Layer, Option } from "effect"
import { v7 } from "uuid"
import * as Actor from "../src/Actor.ts"
import * as Rebuild from "../src/Rebuild.ts"
import { OrderViews } from "../src/Views.ts"
import * as O from "./support/Orders.ts"
import { actors, asked, database, fresh, through } from "./support/Service.ts"

/** A shipped order. */
const shipped = Effect.gen(function*() {
  const { about, orderId } = fresh()
  yield* through(O.histories.Shipped.map((command) => about(command)))
  return { about, orderId }
})

const Test = Rebuild.layer.pipe(Layer.provideMerge(actors), Layer.provideMerge(database()))

layer(Test, { excludeTestServices: true })("the refunds of an order", (it) => {
  it.effect("are given back by the tables as they were decided, step by step", () =>
    Effect.gen(function*() {
      const { history, order } = yield* OrderViews
      const { about, orderId } = yield* shipped
      const other = RefundId.make(v7())
      yield* through([O.giveBack(300), O.giveBack(700, other), O.byHand(50)].map((command) => about(command)))
      yield* through([
        about({ ...O.refunded, refundId: other, amount: { ...O.total, amount: 700 } }),
        about(O.refundFailed)
      ])
      const { refund, refunds } = Option.getOrThrow(yield* order(orderId))
      assert.strictEqual(refund, "failed")
      assert.deepStrictEqual(refunds.map(({ amount, reason, status }) => [amount.amount, reason, status]), [
        [300, "operator", "failed"],
        [700, "operator", "refunded"],
        [50, "made_at_provider", "refunded"]
      ])
      const steps = yield* history({ orderId, after: 5, limit: 10 })
      assert.deepStrictEqual(steps.map((step) => `${step.refund?.amount.amount} ${step.refund?.status}`), [
        "300 requested",
        "700 requested",
        "50 refunded",
        "700 refunded",
        "300 failed"
      ])
    }))

  it.scoped("never are more than was charged, though operators ask in two processes at once (H65)", () =>
    Effect.gen(function*() {
      const { order } = yield* OrderViews
      const actor = yield* Actor.OrderActor
      const other = Context.get(yield* Layer.build(Layer.fresh(Actor.layer)), Actor.OrderActor)
      const { about, orderId } = yield* shipped
      const gifts = Array.from({ length: 12 }, () => asked(about(O.giveBack(1000, RefundId.make(v7())))))
      const outcomes = yield* Effect.forEach(gifts, (gift, index) => (index % 2 === 0 ? actor : other).ask(gift), {
        concurrency: "unbounded"
      })
      assert.strictEqual(outcomes.filter(({ _tag }) => _tag === "Refused").length, 5)
      assert.strictEqual(Option.getOrThrow(yield* order(orderId)).refunds.length, 7)
    }))

  it.effect("are counted in the lists, also in those that are made again", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const rebuild = yield* Rebuild.Rebuild
      const { about, orderId } = yield* shipped
      yield* through([O.giveBack(300), O.byHand(50)].map((command) => about(command)))
      yield* rebuild.begin
      yield* Effect.repeat(rebuild.step, { while: (isUnderWay) => isUnderWay })
      const rows = yield* sql`
        SELECT refund_requested_amount::integer AS requested, refunded_amount::integer AS refunded
        FROM order_summaries WHERE order_id = ${orderId}`
      assert.deepStrictEqual(rows.map((row) => ({ ...row })), [{ requested: 300, refunded: 50 }])
    }))
})
