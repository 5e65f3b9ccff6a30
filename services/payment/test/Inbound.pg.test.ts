import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import { Effect, Schedule } from "effect"
import { v7 } from "uuid"
import { awaitStatus, held, inject, ledgerOf, pressed, provider, publish, saidOf, Service } from "./support.ts"

const fresh = () => OrderId.make(v7())

/** Waits until the provider's books say so. */
const awaitLedger = Effect.fnUntraced(
  function*(orderId: OrderId, holds: (ledger: Effect.Effect.Success<ReturnType<typeof ledgerOf>>) => boolean) {
    return yield* Effect.repeat(ledgerOf(orderId), { until: holds, schedule: Schedule.spaced("20 millis") }).pipe(
      Effect.zipRight(ledgerOf(orderId)),
      Effect.timeout("20 seconds")
    )
  }
)

layer(Service, { excludeTestServices: true, timeout: 60_000 })("the payment service and its provider", (it) => {
  it.effect("charges once and says so, and the intent names our order", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      const paymentId = yield* pressed(orderId)
      const state = yield* awaitStatus(orderId, "Succeeded")
      const { intents } = yield* ledgerOf(orderId)
      assert.deepStrictEqual(intents.map(({ amount_received, metadata }) => ({ amount_received, metadata })), [
        { amount_received: 7680, metadata: { orderId, paymentId, attempt: "1" } }
      ])
      assert.strictEqual(held(state, "intentId"), intents[0]?.id)
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
    }))

  it.effect("charges once though the request comes twice under different ids (H45)", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* Effect.all([pressed(orderId), pressed(orderId)], { concurrency: 2 })
      yield* awaitStatus(orderId, "Succeeded")
      yield* pressed(orderId)
      assert.strictEqual((yield* ledgerOf(orderId)).intents.length, 1)
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
    }))

  for (
    const [method, reason] of [
      ["pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"],
      ["pm_card_visa_chargeDeclinedStolenCard", "declined"],
      ["pm_card_chargeDeclinedExpiredCard", "expired_card"],
      ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"],
      ["pm_card_chargeDeclinedProcessingError", "processing_error"],
      ["pm_unheard_of", "invalid_payment_method"]
    ]
  ) {
    it.effect(`fails with ${reason} for ${method}, and leaves no intent open (H54)`, () =>
      Effect.gen(function*() {
        const orderId = fresh()
        yield* pressed(orderId, method)
        const state = yield* awaitStatus(orderId, "Failed")
        assert.strictEqual(held(state, "reason"), reason)
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.failed.v1"])
        const { intents } = yield* ledgerOf(orderId)
        assert.deepStrictEqual(intents.map(({ status }) => status), method === "pm_unheard_of" ? [] : ["canceled"])
      }))
  }

  for (const fault of ["error_before", "error_after", "reset_before", "reset_after", "non_json", "in_use"]) {
    it.effect(`charges once when the provider answers with ${fault} and tells nothing (H47, H48, H50, H51, H56, H83)`, () =>
      Effect.gen(function*() {
        const orderId = fresh()
        yield* provider("POST", "webhooks", { mode: "drop" })
        yield* inject(fault, "/v1/payment_intents", { times: 3 })
        yield* pressed(orderId)
        yield* awaitStatus(orderId, "Succeeded")
        yield* provider("DELETE", "faults")
        yield* provider("POST", "webhooks", { mode: "deliver" })
        const { intents } = yield* ledgerOf(orderId)
        assert.deepStrictEqual(intents.map(({ status }) => status), ["succeeded"])
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
      }))
  }

  it.effect("settles a call that hangs beyond the deadline and succeeds later (H48, H58)", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* provider("POST", "webhooks", { mode: "drop" })
      yield* inject("hang", "/v1/payment_intents", { delayMs: 1500 })
      yield* pressed(orderId)
      yield* awaitStatus(orderId, "Succeeded")
      yield* provider("POST", "webhooks", { mode: "deliver" })
      const sql = yield* SqlClient.SqlClient
      const unknowns = yield* sql`
        SELECT 1 FROM payment_transitions WHERE order_id = ${orderId} AND event = 'OutcomeUnknown'`
      assert.isAbove(unknowns.length, 0)
      assert.strictEqual((yield* ledgerOf(orderId)).intents.length, 1)
    }))

  it.effect("never fails an order because of too many requests (H52)", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* inject("rate_limit", "/v1/payment_intents", { times: 4 })
      yield* pressed(orderId)
      yield* awaitStatus(orderId, "Succeeded")
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
    }))

  it.effect("waits for the customer's step, and is paid when it is done (H59)", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* pressed(orderId, "pm_card_authenticationRequired")
      const state = yield* awaitStatus(orderId, "ActionRequired")
      const id = state._tag === "ActionRequired" ? state.intentId : ""
      yield* provider("POST", `payment_intents/${id}/authenticate`, { outcome: "succeeded" })
      yield* awaitStatus(orderId, "Succeeded")
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.action_required.v1", "payment.succeeded.v1"])
      const sql = yield* SqlClient.SqlClient
      const clientSecret = (yield* ledgerOf(orderId)).intents[0]?.client_secret ?? "none"
      const leaks = yield* sql`
        SELECT envelope AS text FROM outbox WHERE position(${clientSecret} IN envelope) > 0
        UNION ALL SELECT e::text FROM provider_events AS e WHERE position(${clientSecret} IN e::text) > 0
        UNION ALL SELECT p::text FROM payments AS p WHERE position(${clientSecret} IN p::text) > 0`
      assert.deepStrictEqual(leaks, [])
    }))

  it.effect("fails when the customer's step fails, though no webhook ever comes (H39, H83)", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* provider("POST", "webhooks", { mode: "drop" })
      yield* pressed(orderId, "pm_card_authenticationRequired")
      const state = yield* awaitStatus(orderId, "ActionRequired")
      const id = state._tag === "ActionRequired" ? state.intentId : ""
      yield* provider("POST", `payment_intents/${id}/authenticate`, { outcome: "failed" })
      const failed = yield* awaitStatus(orderId, "Failed")
      yield* provider("POST", "webhooks", { mode: "deliver" })
      assert.strictEqual(failed._tag === "Failed" && failed.reason, "authentication_failed")
      assert.deepStrictEqual((yield* ledgerOf(orderId)).intents.map(({ status }) => status), ["canceled"])
    }))

  it.effect("makes no charge for an order that was cancelled first", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* publish("order.cancelled.v1", orderId)
      yield* pressed(orderId)
      yield* awaitStatus(orderId, "Forbidden")
      assert.deepStrictEqual(yield* saidOf(orderId), [])
      assert.deepStrictEqual((yield* ledgerOf(orderId)).intents, [])
    }))

  it.effect("leaves neither money nor an open intent when the order is cancelled during the call (H25, H28)", () =>
    Effect.gen(function*() {
      for (const [method, end] of [["pm_card_visa", "Succeeded"], ["pm_card_authenticationRequired", "Failed"]]) {
        const orderId = fresh()
        yield* inject("hang", "/v1/payment_intents", { delayMs: 300 })
        yield* pressed(orderId, method)
        yield* awaitStatus(orderId, "Charging")
        yield* publish("order.cancelled.v1", orderId)
        assert.isTrue(held(yield* awaitStatus(orderId, "Charging"), "cancelWanted"))
        yield* awaitStatus(orderId, end ?? "")
        if (end === "Succeeded") yield* publish("order.refund_requested.v1", orderId)
        const { intents, refunds } = yield* awaitLedger(
          orderId,
          (ledger) => end !== "Succeeded" || ledger.refunds.length === 1
        )
        const taken = intents.reduce((sum, { amount_received }) => sum + amount_received, 0)
        assert.strictEqual(taken, refunds.reduce((sum, { amount }) => sum + amount, 0))
        assert.deepStrictEqual(intents.map(({ status }) => status), [end === "Failed" ? "canceled" : "succeeded"])
        assert.deepStrictEqual(
          (yield* saidOf(orderId))[0],
          end === "Failed" ? "payment.failed.v1" : "payment.succeeded.v1"
        )
      }
    }))

  it.effect("goes the way of the money when the intent succeeds just before it is cancelled (H64)", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* provider("POST", "webhooks", { mode: "drop" })
      yield* pressed(orderId, "pm_card_authenticationRequired")
      const state = yield* awaitStatus(orderId, "ActionRequired")
      const id = state._tag === "ActionRequired" ? state.intentId : ""
      yield* inject("rate_limit", `/v1/payment_intents/${id}/cancel`, { times: 1000 })
      yield* publish("order.cancelled.v1", orderId)
      yield* awaitStatus(orderId, "Cancelling")
      yield* provider("POST", `payment_intents/${id}/authenticate`, { outcome: "succeeded" })
      yield* provider("DELETE", "faults")
      yield* awaitStatus(orderId, "Succeeded")
      yield* provider("POST", "webhooks", { mode: "deliver" })
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.action_required.v1", "payment.succeeded.v1"])
    }))

  it.effect("gives late money back once, though the refund call is lost and asked for twice (H26, H65)", () =>
    Effect.gen(function*() {
      const orderId = fresh()
      yield* pressed(orderId)
      yield* awaitStatus(orderId, "Succeeded")
      yield* inject("reset_after", "/v1/refunds", { times: 3 })
      yield* publish("order.refund_requested.v1", orderId)
      yield* publish("order.refund_requested.v1", orderId)
      const sql = yield* SqlClient.SqlClient
      yield* Effect.repeat(sql`SELECT 1 FROM refunds WHERE order_id = ${orderId} AND status = 'Succeeded'`, {
        until: (rows) => rows.length === 1,
        schedule: Schedule.spaced("20 millis")
      }).pipe(Effect.timeout("20 seconds"))
      yield* provider("DELETE", "faults")
      assert.deepStrictEqual((yield* ledgerOf(orderId)).refunds.map(({ amount }) => amount), [7680])
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1", "payment.refunded.v1"])
      const [payment] = yield* sql`SELECT taken_amount, returned_amount FROM payments WHERE order_id = ${orderId}`
      assert.deepStrictEqual(payment, { taken_amount: "7680", returned_amount: "7680" })
    }))
})
