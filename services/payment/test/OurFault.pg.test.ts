import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import * as Health from "@quartet/hosting/Health"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { Effect, Layer, Logger, Schedule } from "effect"
import { v7 } from "uuid"
import * as Breaker from "../src/Breaker.ts"
import { Between, forwarding, interrupted, refusing } from "./Scripted.ts"
import { awaitStatus, byHand, held, ledgerOf, pressed, publish, saidOf, until } from "./support.ts"

const alerts: Array<string> = []
const Alerted = Logger.add(Logger.make(({ logLevel, message }) => {
  if (logLevel._tag === "Error") alerts.push(String(message))
}))

const Interrupted = Layer.provideMerge(interrupted({}), Layer.mergeAll(Health.layer, Alerted))

const becomes = (ready: boolean) =>
  Effect.flatMap(
    Health.Health,
    ({ readiness }) =>
      Effect.repeat(readiness, { until: (seen) => seen.ready === ready, schedule: Schedule.spaced("10 millis") }).pipe(
        Effect.timeout("20 seconds"),
        Effect.zipRight(readiness)
      )
  )

const questionsOf = (orderId: OrderId) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ readonly why: string }>`
      SELECT event AS why FROM payment_transitions WHERE order_id = ${orderId} AND event = 'OutcomeUnknown'`)

layer(Interrupted, { excludeTestServices: true, timeout: 60_000 })("a provider that refuses what we do", (it) => {
  for (
    const [name, status, error] of [
      ["a wrong key (H55)", 401, { type: "invalid_request_error", message: "No." }],
      ["a key that may not charge (H55)", 403, { type: "invalid_request_error", message: "No." }],
      ["a key of the other mode (H55)", 400, {
        type: "invalid_request_error",
        code: "resource_missing",
        param: "payment_method",
        message: "No such PaymentMethod: 'pm_1'; a similar object exists in test mode, but a live mode key was used."
      }],
      ["a parameter that it does not know", 400, {
        type: "invalid_request_error",
        code: "parameter_unknown",
        message: "No."
      }]
    ] as const
  ) {
    it.effect(`because of ${name} turns readiness red and fails no order, until a call succeeds`, () =>
      Effect.gen(function*() {
        const between = yield* Between
        const { port } = yield* Simulator.Simulator
        const orders = [OrderId.make(v7()), OrderId.make(v7())]
        between.play(refusing(status, error))
        const before = between.keys.length
        yield* Effect.forEach(orders, (id) => pressed(id))
        assert.deepStrictEqual((yield* becomes(false)).checks[Breaker.check], { ready: false })
        assert.isAbove(between.keys.length, before)
        yield* Effect.repeat(Effect.all(orders.map(questionsOf)), {
          until: (seen) => seen.flat().length > 0,
          schedule: Schedule.spaced("10 millis")
        })
        for (const id of orders) {
          assert.deepStrictEqual(yield* saidOf(id), [])
          yield* awaitStatus(id, "Opened", "Charging")
        }
        between.play(forwarding(port))
        yield* Effect.forEach(orders, (id) => awaitStatus(id, "Succeeded"))
        assert.isTrue((yield* becomes(true)).ready)
        for (const id of orders) assert.strictEqual((yield* ledgerOf(id)).intents.length, 1)
      }))
  }
})

const invalid = (more: object) => ({ type: "invalid_request_error", message: "No.", ...more })

const isReady = Effect.flatMap(Health.Health, ({ readiness }) => Effect.map(readiness, ({ ready }) => ready))

layer(Interrupted, { excludeTestServices: true, timeout: 60_000 })("a provider that refuses one request", (it) => {
  for (
    const [name, status, error] of [
      ["a sum that is too small", 400, invalid({ code: "amount_too_small", param: "amount" })],
      ["a code that is not known here", 400, invalid({ code: "moon_in_wrong_phase" })],
      ["an object that is gone", 404, invalid({ code: "resource_missing", param: "customer" })]
    ] as const
  ) {
    it.effect(`because of ${name} fails that payment at once, tells a person once, and stays ready`, () =>
      Effect.gen(function*() {
        const between = yield* Between
        const { port } = yield* Simulator.Simulator
        const orderId = OrderId.make(v7())
        between.play(refusing(status, error))
        alerts.splice(0)
        const before = between.keys.length
        yield* pressed(orderId)
        yield* awaitStatus(orderId, "Failed")
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.failed.v1"])
        assert.strictEqual(between.keys.length, before + 1)
        assert.strictEqual(alerts.length, 1)
        assert.isTrue(yield* isReady)
        // The next one is asked for as ever.
        between.play(forwarding(port))
        const next = OrderId.make(v7())
        yield* pressed(next)
        yield* awaitStatus(next, "Succeeded")
      }))
  }

  it.effect("for a refund has that refund fail, tells a person once, and stays ready", () =>
    Effect.gen(function*() {
      const between = yield* Between
      const { port } = yield* Simulator.Simulator
      between.play(forwarding(port))
      const orderId = OrderId.make(v7())
      yield* pressed(orderId)
      yield* awaitStatus(orderId, "Succeeded")
      between.play(refusing(404, invalid({ code: "resource_missing", message: "No such payment_intent" })))
      alerts.splice(0)
      yield* publish("order.refund_requested.v1", orderId)
      yield* until(saidOf(orderId), (said) => said.includes("payment.refund_failed.v1"))
      assert.deepStrictEqual(alerts, ["The provider does not give the money back; a person has to."])
      assert.isTrue(yield* isReady)
    }))

  it.effect("for a cancellation asks no more, tells a person once, and stays ready; the provider's word ends it", () =>
    Effect.gen(function*() {
      const between = yield* Between
      const { port } = yield* Simulator.Simulator
      between.play(forwarding(port))
      const orderId = OrderId.make(v7())
      yield* pressed(orderId, "pm_card_authenticationRequired")
      const intentId = String(held(yield* awaitStatus(orderId, "ActionRequired"), "intentId"))
      between.play(refusing(400, invalid({ code: "moon_in_wrong_phase" })))
      alerts.splice(0)
      yield* publish("order.cancelled.v1", orderId)
      const isParked = Effect.map(awaitStatus(orderId, "Cancelling"), (state) => held(state, "parked") === true)
      yield* until(isParked, (parked) => parked)
      assert.strictEqual(alerts.length, 1)
      assert.isTrue(yield* isReady)
      assert.strictEqual(yield* byHand(`payment_intents/${intentId}/cancel`), 200)
      yield* awaitStatus(orderId, "Failed")
    }))
})
