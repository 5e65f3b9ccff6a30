import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import * as HttpServer from "@quartet/hosting/HttpServer"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Effect, Fiber, Layer, Logger, Schedule } from "effect"
import { request } from "node:http"
import { v7 } from "uuid"
import { PaymentActor } from "../src/Actor.ts"
import type * as Command from "../src/domain/Command.ts"
import { charging, deliver, eventsNamed, intentEvent, objectEvent, refundEvent, seconds, sign } from "./Events.ts"
import {
  awaitStatus,
  Door,
  doorWith,
  freshOrder,
  held,
  inject,
  pressed,
  publish,
  saidOf,
  Service,
  struck,
  until
} from "./support.ts"

/** Sends these pieces one after the other, without saying how many there are. */
const sendChunked = (url: string, pieces: ReadonlyArray<Uint8Array>, headers: Readonly<Record<string, string>>) =>
  Effect.async<{ readonly status: number; readonly coding: string }, Error>((resume) => {
    const sending = request(`${url}/webhooks/stripe`, { method: "POST", headers, agent: false }, (answer) => {
      answer.resume().on(
        "end",
        () =>
          resume(Effect.succeed({
            status: answer.statusCode ?? 0,
            coding: String(sending.getHeader("transfer-encoding"))
          }))
      )
    })
    sending.on("error", (error) => resume(Effect.fail(error)))
    for (const piece of pieces) sending.write(piece)
    sending.end()
  })

/** The same bytes in pieces so small that letters of several bytes are torn. */
const torn = (body: string, size: number): ReadonlyArray<Uint8Array> => {
  const bytes = new TextEncoder().encode(body)
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, index) => bytes.subarray(index * size, (index + 1) * size)
  )
}

/** A paid order, and one whose refund was asked for. */
const paid = Effect.gen(function*() {
  const { submit } = yield* PaymentActor
  const orderId = yield* charging
  yield* deliver(intentEvent("payment_intent.succeeded", { orderId }))
  const refund: Command.RequestRefund = { ...freshOrder().refund, orderId }
  return { orderId, refund, ask: submit([fromMessage(refund)]) }
})

const lines: Array<string> = []
const Alerted = Logger.add(Logger.make(({ logLevel, message }) => {
  if (logLevel._tag === "Error") lines.push(String(message))
}))

layer(Layer.provideMerge(Door, Alerted), { excludeTestServices: true, timeout: 60_000 })(
  "an event of the provider's",
  (it) => {
    it.effect("is read as the bytes that came, though they come in pieces of unknown number (H74)", () =>
      Effect.gen(function*() {
        const url = yield* HttpServer.ServerUrl
        const orderId = yield* charging
        const body = intentEvent("payment_intent.succeeded", { orderId }).replace(
          `"object":"event"`,
          `"note":"żółć 💶"`
        )
        const signature = sign(body, yield* seconds)
        const answer = yield* sendChunked(url, torn(body, 7), {
          "content-type": "application/json",
          "transfer-encoding": "chunked",
          "stripe-signature": signature
        })
        assert.deepStrictEqual(answer, { status: 200, coding: "chunked" })
        yield* awaitStatus(orderId, "Succeeded")
      }))

    it.effect("has one effect for one fact, whatever the fact is and however many events tell it (H76)", () =>
      Effect.gen(function*() {
        const facts = [
          {
            type: "payment_intent.payment_failed",
            status: "requires_payment_method",
            failed: true,
            says: "payment.failed.v1"
          },
          { type: "payment_intent.canceled", status: "canceled", says: "payment.failed.v1" },
          { type: "payment_intent.requires_action", status: "requires_action", says: "payment.action_required.v1" }
        ]
        for (const { says, type, ...details } of facts) {
          const orderId = yield* charging
          const ids = Array.from({ length: 5 }, () => `evt_${v7()}`)
          yield* Effect.forEach(ids, (id) => deliver(intentEvent(type, { ...details, orderId, id })), {
            concurrency: 5
          })
          assert.deepStrictEqual(yield* saidOf(orderId), [says], type)
          const outcomes = yield* Effect.forEach(ids, eventsNamed)
          assert.strictEqual(outcomes.flat().filter(({ outcome }) => outcome === "applied").length, 1, type)
          assert.strictEqual(outcomes.flat().length, 5, type)
        }
        const { ask, orderId, refund } = yield* paid
        yield* ask
        const told = () => deliver(refundEvent({ orderId, refundId: refund.refundId, status: "succeeded" }))
        yield* Effect.replicateEffect(told(), 5)
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1", "payment.refunded.v1"])
      }))

    it.effect("that speaks of money of no payment of ours is on record and seen by a person (H79)", () =>
      Effect.gen(function*() {
        for (
          const body of [
            intentEvent("payment_intent.succeeded", { id: "evt_nobody", intentId: "pi_nobody" }),
            intentEvent("payment_intent.succeeded", { id: "evt_lost", orderId: v7() })
          ]
        ) {
          lines.splice(0)
          assert.strictEqual((yield* deliver(body)).status, 200)
          assert.deepStrictEqual(lines, ["The provider told of money that belongs to no payment of ours."])
        }
        assert.deepStrictEqual((yield* eventsNamed("evt_lost")).map(({ outcome }) => outcome), ["ignored"])
        lines.splice(0)
        yield* deliver(objectEvent("customer.created", { id: "cus_1" }))
        assert.deepStrictEqual(lines, [])
      }))

    it.effect("that opens a dispute is on record with its order and seen by a person, and no money moves (H68)", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { orderId } = yield* paid
        lines.splice(0)
        const dispute = { id: "dp_1", object: "dispute", payment_intent: `pi_${orderId}`, status: "needs_response" }
        for (const type of ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]) {
          assert.strictEqual((yield* deliver(objectEvent(type, dispute))).status, 200)
        }
        const recorded =
          yield* sql`SELECT type, outcome FROM provider_events WHERE order_id = ${orderId} AND object_id = 'dp_1'`
        assert.strictEqual(recorded.length, 3)
        assert.strictEqual(lines.filter((line) => line.includes("disputes a charge")).length, 3)
        assert.deepStrictEqual(yield* sql`SELECT 1 FROM refunds WHERE order_id = ${orderId}`, [])
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
        yield* awaitStatus(orderId, "Succeeded")
      }))

    it.effect("is on record exactly when its effect is: whoever is killed in between has done neither (H82)", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const orderId = yield* charging
        const id = `evt_${v7()}`
        const body = intentEvent("payment_intent.succeeded", { id, orderId })
        // The effect is written after the record; here its writer is killed.
        yield* sql.unsafe(`
        CREATE FUNCTION kill_me() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
        CREATE TRIGGER killed BEFORE UPDATE ON payments FOR EACH ROW
          WHEN (NEW.order_id = '${orderId}') EXECUTE FUNCTION kill_me();`)
        const killed = yield* deliver(body)
        assert.isAtLeast(killed.status, 500)
        assert.deepStrictEqual(yield* eventsNamed(id), [])
        yield* awaitStatus(orderId, "Charging")
        yield* sql.unsafe("DROP TRIGGER killed ON payments")
        assert.strictEqual((yield* deliver(body)).status, 200)
        assert.deepStrictEqual(yield* eventsNamed(id), [{ outcome: "applied", reason: null }])
        yield* awaitStatus(orderId, "Succeeded")
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
      }))
  }
)

layer(doorWith({ HTTP_MAX_IN_FLIGHT: "20" }), { excludeTestServices: true, timeout: 60_000 })(
  "a backlog of days",
  (it) => {
    it.effect("that comes at once is taken as fast as it can be, and the rest is told to come again (H84)", () =>
      Effect.gen(function*() {
        const ids = Array.from({ length: 200 }, () => `evt_${v7()}`)
        const statuses: Array<number> = []
        const bring = (id: string) =>
          deliver(objectEvent("moon.phase_changed", { id: "m" }, id)).pipe(
            Effect.tap(({ status }) => Effect.sync(() => statuses.push(status))),
            // As the provider does, though sooner.
            Effect.repeat({ until: ({ status }) => status === 200, schedule: Schedule.spaced("50 millis") })
          )
        const sql = yield* SqlClient.SqlClient
        const bringing = yield* Effect.fork(Effect.forEach(ids, bring, { concurrency: "unbounded" }))
        // Until then no event can be kept, so more are under way than may be, however fast the machine is.
        yield* sql.withTransaction(Effect.zipRight(
          sql`LOCK TABLE provider_events IN EXCLUSIVE MODE`,
          until(Effect.sync(() => statuses), (told) => told.includes(503))
        ))
        yield* Fiber.join(bringing)
        assert.deepStrictEqual(statuses.filter((status) => status !== 200 && status !== 503), [])
        const kept = yield* Effect.forEach(ids, eventsNamed)
        assert.isTrue(kept.every((rows) => rows.length === 1))
      }))
  }
)

layer(Service, { excludeTestServices: true, timeout: 60_000 })("an event that leads to a call", (it) => {
  it.effect("is answered before that call is made, and the call follows (H81)", () =>
    Effect.gen(function*() {
      const orderId = OrderId.make(v7())
      yield* pressed(orderId, "pm_card_authenticationRequired")
      const intentId = String(held(yield* awaitStatus(orderId, "ActionRequired"), "intentId"))
      yield* inject("hang", "/v1/refunds", { delayMs: 5000, times: 2 })
      yield* publish("order.refund_requested.v1", orderId)
      const sql = yield* SqlClient.SqlClient
      const refunds = sql<{ status: string }>`SELECT status FROM refunds WHERE order_id = ${orderId}`
      yield* until(refunds, (rows) => rows.some(({ status }) => status === "Wanted"))
      const paidAtLast = intentEvent("payment_intent.succeeded", { orderId, intentId })
      const answered = yield* Effect.timeout(deliver(paidAtLast), "5 seconds")
      assert.strictEqual(answered.status, 200)
      assert.deepStrictEqual(yield* refunds, [{ status: "Requested" }])
      yield* awaitStatus(orderId, "Succeeded")
      yield* until(struck("hang"), (count) => count > 0)
    }))
})
