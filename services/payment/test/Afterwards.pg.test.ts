import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Effect, Layer, Logger } from "effect"
import { v7 } from "uuid"
import { PaymentActor } from "../src/Actor.ts"
import { deliver, intentEvent, objectEvent, refundEvent } from "./Events.ts"
import {
  awaitStatus,
  byHand,
  freshOrder,
  held,
  inject,
  ledgerOf,
  pressed,
  provider,
  publish,
  saidOf,
  Service,
  until
} from "./support.ts"

const alerts: Array<string> = []
const Alerted = Logger.add(Logger.make(({ logLevel, message }) => {
  if (logLevel._tag === "Error") alerts.push(String(message))
}))

const paid = Effect.gen(function*() {
  const orderId = OrderId.make(v7())
  yield* pressed(orderId)
  return { orderId, intentId: String(held(yield* awaitStatus(orderId, "Succeeded"), "intentId")) }
})

interface RefundRow {
  readonly refundId: string
  readonly cause: string
  readonly status: string
  readonly amount: number
}

const refundsOf = (orderId: OrderId) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<RefundRow>`
      SELECT refund_id AS "refundId", cause, status, amount::float8 AS amount FROM refunds
      WHERE order_id = ${orderId} ORDER BY refund_id`)

const refundBecomes = (orderId: OrderId, status: string) =>
  until(refundsOf(orderId), (rows) => rows.some((row) => row.status === status))

/** The provider tells nothing by itself while this runs. */
const whileSilent = <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    provider("POST", "webhooks", { mode: "drop" }),
    () => run,
    () => Effect.orDie(provider("POST", "webhooks", { mode: "deliver" }))
  )

const Watched = Layer.provideMerge(Service, Alerted)

layer(Watched, { excludeTestServices: true, timeout: 60_000 })("what the provider tells of a payment", (it) => {
  it.effect("is not success while it still works on it or has only reserved the sum (H60)", () =>
    whileSilent(Effect.gen(function*() {
      for (const status of ["processing", "requires_capture"]) {
        const orderId = OrderId.make(v7())
        yield* pressed(orderId, "pm_card_authenticationRequired")
        const intentId = String(held(yield* awaitStatus(orderId, "ActionRequired"), "intentId"))
        const event = (of: string) => deliver(intentEvent(`payment_intent.${of}`, { orderId, intentId, status: of }))
        assert.strictEqual((yield* event(status)).status, 200)
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.action_required.v1"])
        yield* event("succeeded")
        yield* awaitStatus(orderId, "Succeeded")
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.action_required.v1", "payment.succeeded.v1"])
      }
    })))

  it.effect("of a second charge for one order sends that one back, once, and tells a person (H62)", () =>
    Effect.gen(function*() {
      const { orderId } = yield* paid
      const [first] = (yield* ledgerOf(orderId)).intents
      alerts.splice(0)
      const again = {
        amount: "7680",
        currency: "eur",
        confirm: "true",
        payment_method: "pm_card_visa",
        "payment_method_types[0]": "card",
        "metadata[orderId]": orderId,
        "metadata[paymentId]": first?.metadata["paymentId"] ?? ""
      }
      assert.strictEqual(yield* byHand("payment_intents", again), 200)
      yield* until(refundsOf(orderId), (rows) => rows.length > 0)
      const second = (yield* ledgerOf(orderId)).intents.find(({ id }) => id !== first?.id)
      const told = () => deliver(intentEvent("payment_intent.succeeded", { orderId, intentId: second?.id ?? "" }))
      yield* Effect.replicateEffect(told(), 3)
      assert.deepStrictEqual(
        alerts.filter((alert) => alert.includes("charged twice")),
        ["An order was charged twice; the second charge goes back."]
      )
      assert.deepStrictEqual((yield* refundsOf(orderId)).map(({ cause }) => cause), ["extra_charge"])
      assert.notInclude((yield* saidOf(orderId)).slice(1), "payment.succeeded.v1")
    }))

  it.effect("is never success with another sum or currency: it is seen by a person and goes back (H61)", () =>
    whileSilent(Effect.gen(function*() {
      const { submit } = yield* PaymentActor
      for (const [amount, currency] of [[7679, "eur"], [7680, "usd"]] as const) {
        const { orderId, request } = freshOrder()
        // Whoever made it over there wrote our numbers on it, so it is ours, and not what was asked for.
        const made = {
          amount: String(amount),
          currency,
          confirm: "true",
          payment_method: "pm_card_visa",
          "payment_method_types[0]": "card",
          "metadata[orderId]": orderId,
          "metadata[paymentId]": request.paymentId
        }
        assert.strictEqual(yield* byHand("payment_intents", made), 200)
        const [intent] = (yield* ledgerOf(orderId)).intents
        yield* inject("in_use", "/v1/payment_intents", { times: 1000 })
        yield* submit([fromMessage(request)])
        yield* awaitStatus(orderId, "Charging")
        alerts.splice(0)
        yield* deliver(
          intentEvent("payment_intent.succeeded", { orderId, intentId: intent?.id ?? "", amount, currency })
        )
        yield* awaitStatus(orderId, "Mismatched")
        yield* provider("DELETE", "faults")
        assert.include(alerts, "The provider took another sum than was asked for; it goes back.")
        assert.deepStrictEqual((yield* refundsOf(orderId)).map((row) => [row.cause, row.amount]), [[
          "amount_mismatch",
          amount
        ]])
        assert.notInclude(yield* saidOf(orderId), "payment.succeeded.v1")
      }
    })))

  it.effect("of an intent that was cancelled over there is a failed payment, told by event or found out (H63, H83)", () =>
    Effect.gen(function*() {
      for (const mode of ["deliver", "drop"]) {
        const orderId = OrderId.make(v7())
        yield* pressed(orderId, "pm_card_authenticationRequired")
        const intentId = String(held(yield* awaitStatus(orderId, "ActionRequired"), "intentId"))
        yield* provider("POST", "webhooks", { mode })
        assert.strictEqual(yield* byHand(`payment_intents/${intentId}/cancel`), 200)
        yield* awaitStatus(orderId, "Failed")
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.action_required.v1", "payment.failed.v1"])
      }
      yield* provider("POST", "webhooks", { mode: "deliver" })
    }))
})

layer(Watched, { excludeTestServices: true, timeout: 60_000 })("a refund", (it) => {
  it.effect("that the provider made and the bank returns days later is open again, and seen by a person (H66)", () =>
    Effect.gen(function*() {
      const { orderId } = yield* paid
      yield* publish("order.refund_requested.v1", orderId)
      yield* refundBecomes(orderId, "Succeeded")
      const [made] = (yield* ledgerOf(orderId)).refunds
      alerts.splice(0)
      yield* provider("POST", `refunds/${made?.id ?? ""}/fail`, {})
      yield* refundBecomes(orderId, "Failed")
      assert.deepStrictEqual((yield* ledgerOf(orderId)).refunds.map(({ status }) => status), ["failed"])
      assert.include(alerts, "The provider does not give the money back; a person has to.")
      assert.strictEqual((yield* saidOf(orderId)).at(-1), "payment.refund_failed.v1")
    }))

  it.effect("that is pending is no refund yet, and follows the provider to its end (H66)", () =>
    whileSilent(Effect.gen(function*() {
      for (
        const [end, said] of [["succeeded", "payment.refunded.v1"], ["failed", "payment.refund_failed.v1"]] as const
      ) {
        const { intentId, orderId } = yield* paid
        // Nobody is asked for this one: the provider alone tells of it.
        yield* provider("POST", "faults", { match: { path: "/v1/refunds" }, fault: "rate_limit", times: 1000 })
        yield* publish("order.refund_requested.v1", orderId)
        const [asked] = yield* refundBecomes(orderId, "Requested")
        const told = (status: string) =>
          deliver(refundEvent({ intentId, orderId, refundId: asked?.refundId ?? "", status }))
        yield* told("pending")
        yield* refundBecomes(orderId, "Pending")
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
        yield* told(end)
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1", said])
        yield* provider("DELETE", "faults")
      }
    })))

  it.effect("of what went back by hand before moves nothing and is done (H67)", () =>
    whileSilent(Effect.gen(function*() {
      const { intentId, orderId } = yield* paid
      assert.strictEqual(yield* byHand("refunds", { payment_intent: intentId }), 200)
      yield* publish("order.refund_requested.v1", orderId)
      yield* refundBecomes(orderId, "Covered")
      assert.deepStrictEqual((yield* ledgerOf(orderId)).refunds.map(({ amount }) => amount), [7680])
    })))

  it.effect("is not made because of a dispute, at the provider either (H68)", () =>
    Effect.gen(function*() {
      const { intentId, orderId } = yield* paid
      alerts.splice(0)
      yield* deliver(objectEvent("charge.dispute.created", { id: `dp_${orderId}`, payment_intent: intentId }))
      assert.include(alerts, "A customer disputes a charge; a person has to answer at the provider.")
      assert.deepStrictEqual((yield* ledgerOf(orderId)).refunds, [])
      assert.deepStrictEqual(yield* refundsOf(orderId), [])
    }))
})
