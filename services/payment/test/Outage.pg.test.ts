import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { Clock, Effect } from "effect"
import { v7 } from "uuid"
import { deliver, intentEvent } from "./Events.ts"
import { Between, holding, interrupted } from "./Scripted.ts"
import {
  awaitStatus,
  byHand,
  held,
  inject,
  ledgerOf,
  pressed,
  provider,
  saidOf,
  serviceWith,
  struck,
  until
} from "./support.ts"

const orders = (count: number) => Array.from({ length: count }, () => OrderId.make(v7()))

const pressAll = (ids: ReadonlyArray<OrderId>) => Effect.forEach(ids, (id) => pressed(id), { discard: true })

const awaitAll = (ids: ReadonlyArray<OrderId>, status: string) => Effect.forEach(ids, (id) => awaitStatus(id, status))

interface Waiting {
  readonly orders: number
  readonly tries: number
  readonly timers: number
}

/** How many of these orders were put off, how many questions they spent, and how many timers wait for them. */
const waiting = (ids: ReadonlyArray<OrderId>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => {
    const list = JSON.stringify(ids)
    const ours = sql`(SELECT value FROM json_array_elements_text(${list}::json))`
    return sql<Waiting>`
      SELECT (SELECT count(DISTINCT subject)::float8 FROM outbox
              WHERE subject IN ${ours} AND envelope LIKE '%"putOff"%') AS orders,
        (SELECT sum(try - 1)::float8 FROM payments WHERE order_id::text IN ${ours}) AS tries,
        (SELECT count(DISTINCT subject)::float8 FROM outbox JOIN outbox_unsent USING (seq)
         WHERE subject IN ${ours} AND type = 'payment.charge_due.v1') AS timers`
  }).pipe(Effect.map(([row]) => row ?? { orders: 0, tries: 0, timers: 0 }))

/** The most charges that were begun within one second. */
const busiestSecond = (ids: ReadonlyArray<OrderId>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ readonly most: number }>`
      WITH begun AS (SELECT at FROM payment_transitions WHERE event = 'ChargeBegun' AND order_id::text IN
        (SELECT value FROM json_array_elements_text(${JSON.stringify(ids)}::json)))
      SELECT max(n)::float8 AS most FROM (
        SELECT count(*) OVER (ORDER BY at RANGE BETWEEN CURRENT ROW AND interval '1 second' FOLLOWING) AS n FROM begun
      ) AS seconds`).pipe(Effect.map(([row]) => row?.most ?? 0))

const LongOutage = serviceWith({
  PAYMENT_BREAKER_AFTER: "3",
  PAYMENT_BREAKER_PAUSE: "200 millis",
  PAYMENT_LONGEST_PAUSE: "200 millis",
  PAYMENT_CALLS_PER_SECOND: "20"
})

layer(LongOutage, { excludeTestServices: true, timeout: 60_000 })("a provider that is away for long", (it) => {
  it.effect("is asked by few probes while payments wait in the database, and then at a bounded rate (H52, H69, H71)", () =>
    Effect.gen(function*() {
      const first = orders(3)
      const later = orders(60)
      yield* inject("error_before", "/v1/payment_intents", { match: {}, times: 100_000 })
      yield* pressAll(first)
      yield* until(waiting(first), (seen) => seen.orders === 3)
      const before = yield* struck("error_before")
      assert.isAtLeast(before, 3)

      const began = yield* Clock.currentTimeMillis
      yield* pressAll(later)
      const seen = yield* until(waiting(later), (now) => now.orders === 60 && now.timers === 60)
      const probes = (yield* struck("error_before")) - before
      const lasted = (yield* Clock.currentTimeMillis) - began
      // A probe is a question of one call, or of two: asked again after an error it also looks the charge up.
      assert.isAtMost(probes, 2 * (1 + lasted / 200))
      assert.isAtMost(seen.tries, probes)

      yield* provider("DELETE", "faults")
      yield* awaitAll([...first, ...later], "Succeeded")
      assert.isAtMost(yield* busiestSecond(later), 24)
      for (const id of [...first, ...later]) {
        assert.strictEqual((yield* ledgerOf(id)).intents.length, 1)
        assert.deepStrictEqual(yield* saidOf(id), ["payment.succeeded.v1"])
      }
    }))
})

/** For how long the oldest transaction of this database is open, in seconds. */
const oldestTransaction = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<{ readonly seconds: number }>`
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS seconds
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`).pipe(
    Effect.map(([row]) => row?.seconds ?? 0)
  )

const Patient = interrupted({ STRIPE_DEADLINE: "25 seconds", PAYMENT_CALLS_IN_FLIGHT: "12" })
const slowCard = "pm_card_mastercard"

layer(Patient, { excludeTestServices: true, timeout: 60_000 })("a call that takes long", (it) => {
  it.effect("holds up no other payment, and no transaction is open meanwhile (H70)", () =>
    Effect.gen(function*() {
      const between = yield* Between
      const { held, release, scene } = holding(slowCard, (yield* Simulator.Simulator).port)
      between.play(scene)
      const slow = orders(5)
      const others = orders(30)
      yield* Effect.forEach(slow, (id) => pressed(id, slowCard), { discard: true })
      yield* until(Effect.sync(held), (count) => count === 5)
      yield* pressAll(others)
      yield* awaitAll(others, "Succeeded")
      // Had they waited for the slow ones, those would have been given up and asked for again.
      assert.strictEqual(held(), 5)
      // One that was open while its call is held would stay so.
      yield* until(oldestTransaction, (seconds) => seconds < 0.1)
      yield* awaitAll(slow, "Charging")
      release()
      yield* awaitAll(slow, "Succeeded")
    }))
})

/** Two questions of four requests at most. */
const Frugal = serviceWith({ PAYMENT_CALLS_PER_ATTEMPT: "8", PAYMENT_BREAKER_AFTER: "1000" })

const isParked = (id: OrderId) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1 FROM payments WHERE order_id = ${id} AND parked`).pipe(
    Effect.map((rows) => rows.length === 1)
  )

const paymentOf = (orderId: OrderId) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ readonly payment_id: string }>`SELECT payment_id FROM payments WHERE order_id = ${orderId}`
  ).pipe(
    Effect.map(([row]) => row ?? { payment_id: "" })
  )

layer(Frugal, { excludeTestServices: true, timeout: 60_000 })(
  "a payment that was asked about as often as may be",
  (it) => {
    it.effect("is asked about no more, has not failed, and the provider's own word settles it (H71)", () =>
      Effect.gen(function*() {
        const [orderId = OrderId.make(v7())] = orders(1)
        yield* inject("error_before", "/v1/payment_intents", { match: {}, times: 100_000 })
        yield* pressed(orderId)
        yield* until(isParked(orderId), (parked) => parked)
        const calls = yield* struck("error_before")
        assert.isAtLeast(calls, 2)
        assert.isAtMost(calls, 8)
        yield* until(waiting([orderId]), ({ timers }) => timers === 0)
        yield* provider("DELETE", "faults")
        yield* awaitStatus(orderId, "Charging")
        assert.deepStrictEqual(yield* saidOf(orderId), [])
        // The provider has the charge after all, and confirms it when it is asked whether the event is about ours.
        const { payment_id: paymentId } = yield* paymentOf(orderId)
        const charge = {
          amount: "7680",
          currency: "eur",
          confirm: "true",
          payment_method: "pm_card_visa",
          "payment_method_types[0]": "card",
          "metadata[orderId]": orderId,
          "metadata[paymentId]": paymentId,
          "metadata[attempt]": "1"
        }
        assert.strictEqual(yield* byHand("payment_intents", charge), 200)
        const [intent] = (yield* ledgerOf(orderId)).intents
        const news = intentEvent("payment_intent.succeeded", { orderId, intentId: intent?.id ?? "" })
        assert.strictEqual((yield* deliver(news)).status, 200)
        yield* awaitStatus(orderId, "Succeeded")
        assert.isFalse(held(yield* awaitStatus(orderId, "Succeeded"), "parked"))
      }))
  }
)
