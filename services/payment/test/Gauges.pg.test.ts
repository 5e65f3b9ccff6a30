import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import * as Prometheus from "@quartet/hosting/Prometheus"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Effect, Layer, Schedule } from "effect"
import { PaymentActor } from "../src/Actor.ts"
import * as Command from "../src/domain/Command.ts"
import * as Gauges from "../src/Gauges.ts"
import { charging, deliver, intentEvent, refundEvent } from "./Events.ts"
import { awaitStatus, Door, freshOrder, inject, pressed, provider, Service } from "./support.ts"

const valueOf = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])

/** The measurement, once it is above zero. */
const raised = (name: string) =>
  Effect.repeat(Prometheus.text, {
    until: (text) => valueOf(text, name) > 0,
    schedule: Schedule.spaced("20 millis")
  }).pipe(
    Effect.timeout("20 seconds"),
    Effect.zipRight(Effect.map(Prometheus.text, (text) => valueOf(text, name)))
  )

layer(Door, { excludeTestServices: true, timeout: 60_000 })("what an operator sees", (it) => {
  it.effect("are payments that nobody knows of, that wait for a person, that are old, and refunds that failed (H212)", () =>
    Effect.gen(function*() {
      const { submit } = yield* PaymentActor
      const sql = yield* SqlClient.SqlClient
      const unknown = yield* charging
      yield* sql`UPDATE payment_transitions SET at = at - interval '1 hour' WHERE order_id = ${unknown}`
      const parked = yield* charging
      yield* sql`UPDATE payments SET parked = true WHERE order_id = ${parked}`
      const returned = yield* charging
      const refund = Command.RequestRefund.make({ ...freshOrder().refund, orderId: returned })
      yield* deliver(intentEvent("payment_intent.succeeded", { orderId: returned }))
      yield* submit([fromMessage(refund)])
      yield* deliver(refundEvent({ orderId: returned, refundId: refund.refundId, status: "failed" }))

      yield* Effect.scoped(Effect.gen(function*() {
        yield* Layer.build(Gauges.layer)
        assert.strictEqual(yield* raised("payment_refunds_failed"), 1)
        assert.strictEqual(yield* raised("payment_attempts_unknown"), 2)
        assert.strictEqual(yield* raised("payment_attempts_parked"), 1)
        assert.isAbove(yield* raised("payment_oldest_open_seconds"), 3599)
      }))
    }))
})

layer(Service, { excludeTestServices: true, timeout: 60_000 })("calls to the provider", (it) => {
  it.effect("are counted by what was asked and what became of it (H212)", () =>
    Effect.gen(function*() {
      const line = (operation: string, outcome: string) =>
        `payment_provider_calls_total{operation="${operation}",outcome="${outcome}"}`
      const counted = (name: string) =>
        Effect.map(Prometheus.text, (text) => Number(text.split(`${name} `)[1]?.split("\n")[0] ?? 0))
      const wanted = [
        ["charge", "answered", "pm_card_visa", undefined],
        ["charge", "declined", "pm_card_visa_chargeDeclinedStolenCard", undefined],
        ["charge", "server_error", "pm_card_visa", "error_before"],
        ["charge", "rate_limited", "pm_card_visa", "rate_limit"],
        ["charge", "in_use", "pm_card_visa", "in_use"],
        ["charge", "none", "pm_card_visa", "reset_before"]
      ] as const
      for (const [operation, outcome, method, fault] of wanted) {
        const name = line(operation, outcome)
        const before = yield* counted(name)
        if (fault !== undefined) yield* inject(fault, "/v1/payment_intents", { times: 2 })
        const { orderId } = freshOrder()
        yield* pressed(orderId, method)
        yield* Effect.repeat(counted(name), { until: (now) => now > before, schedule: Schedule.spaced("20 millis") })
          .pipe(Effect.timeout("20 seconds"))
        // Else it would be asked for again under the next fault.
        yield* awaitStatus(orderId, "Succeeded", "Failed")
        yield* provider("DELETE", "faults")
      }
      const text = yield* Prometheus.text
      for (const [operation, outcome] of wanted) assert.include(text, line(operation, outcome))
    }))
})
