import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Effect } from "effect"
import { PaymentActor } from "../src/Actor.ts"
import * as Command from "../src/domain/Command.ts"
import { Intent, IntentId } from "../src/domain/Intent.ts"
import { PaymentViews } from "../src/Views.ts"
import { told } from "./Builders.ts"
import { freshOrder, Payments } from "./support.ts"

layer(Payments, { excludeTestServices: true, timeout: 60_000 })("the payment service's tables", (it) => {
  it.effect("give back every condition as it was kept", () =>
    Effect.gen(function*() {
      const actor = yield* PaymentActor
      const views = yield* PaymentViews
      const ways: ReadonlyArray<ReadonlyArray<(order: ReturnType<typeof freshOrder>) => Command.PaymentCommand>> = [
        [({ cancel }) => cancel],
        [({ request }) => request],
        [({ request }) => request, begin],
        [({ request }) => request, begin, unknown, ({ cancel }) => cancel],
        [({ request }) => request, begin, said("requires_action")],
        [({ request }) => request, begin, said("requires_action"), ({ cancel }) => cancel],
        [({ request }) => request, begin, said("requires_payment_method", "declined")],
        [({ request }) => request, begin, said("canceled")],
        [({ request }) => request, begin, ({ refund }) => refund, said("succeeded")],
        [({ request }) => request, begin, wrongSum]
      ]
      const seen = yield* Effect.forEach(ways, (way) =>
        Effect.gen(function*() {
          const order = freshOrder()
          const outcomes = yield* actor.submit(way.map((step) => fromMessage(step(order))))
          const last = outcomes.at(-1)
          const kept = yield* views.payment(order.orderId)
          assert.deepStrictEqual(kept, last?._tag === "Done" ? last.reply : undefined)
          return kept._tag
        }))
      assert.deepStrictEqual(seen, [
        "Forbidden",
        "Opened",
        "Charging",
        "Charging",
        "ActionRequired",
        "Cancelling",
        "Closing",
        "Failed",
        "Succeeded",
        "Mismatched"
      ])
    }))

  it.effect("hold what went back against what was taken, also if the decider forgot (H65)", () =>
    Effect.gen(function*() {
      const actor = yield* PaymentActor
      const sql = yield* SqlClient.SqlClient
      const order = freshOrder()
      yield* actor.submit([order.request, begin(order), said("succeeded")(order)].map((one) => fromMessage(one)))
      const refused = yield* Effect.flip(
        sql`UPDATE payments SET returned_amount = taken_amount + 1 WHERE order_id = ${order.orderId}`
      )
      assert.strictEqual(refused._tag, "SqlError")
    }))
})

type Order = ReturnType<typeof freshOrder>
const begin = ({ orderId }: Order) => Command.BeginCharge.make({ orderId, attempt: 1, try: 1 })
const unknown = ({ orderId }: Order) =>
  Command.RecordUnknown.make({ orderId, attempt: 1, try: 1, why: "no answer", fault: false })
const intentOf = ({ orderId }: Order) => `pi_${orderId}`
const said = (status: Parameters<typeof told>[0], failure?: "declined") => (order: Order): Command.PaymentCommand => {
  const { intent, ...rest } = told(status, failure === undefined ? {} : { failure })
  return Command.RecordIntent.make({
    ...rest,
    orderId: order.orderId,
    refundId: order.refund.refundId,
    intent: Intent.make({ ...intent, id: IntentId.make(intentOf(order)) })
  })
}
const wrongSum = (order: Order): Command.PaymentCommand => {
  const { intent, ...rest } = told("succeeded", { received: { amount: 1, currency: "USD" } })
  return Command.RecordIntent.make({
    ...rest,
    orderId: order.orderId,
    refundId: order.refund.refundId,
    intent: Intent.make({ ...intent, id: IntentId.make(intentOf(order)) })
  })
}
