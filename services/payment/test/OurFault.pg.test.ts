import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import * as Health from "@quartet/hosting/Health"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { Effect, Layer, Schedule } from "effect"
import { v7 } from "uuid"
import * as Breaker from "../src/Breaker.ts"
import { Between, forwarding, interrupted, refusing } from "./Scripted.ts"
import { awaitStatus, ledgerOf, pressed, saidOf } from "./support.ts"

const Interrupted = Layer.provideMerge(interrupted({}), Health.layer)

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
      ["a key that was used for another request (H53)", 400, { type: "idempotency_error", message: "No." }]
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
