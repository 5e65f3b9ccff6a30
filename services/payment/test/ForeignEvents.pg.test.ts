import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import { Effect, Layer, Logger, Schedule } from "effect"
import { v7 } from "uuid"
import type { Details } from "./Events.ts"
import { deliver as deliverOnce, eventsNamed, intentEvent, objectEvent } from "./Events.ts"
import { account, awaitStatus, held, ledgerOf, pressed, publish, saidOf, Service, toJson, until } from "./support.ts"

const alerts: Array<string> = []
const Alerted = Logger.add(Logger.make(({ logLevel, message }) => {
  if (logLevel._tag === "Error") alerts.push(String(message))
}))

/** Comes again while the provider cannot be asked in time, as the provider does, though sooner. */
const deliver = (body: string) =>
  Effect.repeat(deliverOnce(body), {
    until: ({ status }) => status !== 503,
    schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(50))
  }).pipe(Effect.zipRight(deliverOnce(body)))

const pending = Effect.gen(function*() {
  const orderId = OrderId.make(v7())
  yield* pressed(orderId, "pm_card_authenticationRequired")
  return { orderId, intentId: String(held(yield* awaitStatus(orderId, "ActionRequired"), "intentId")) }
})

const paid = Effect.gen(function*() {
  const orderId = OrderId.make(v7())
  yield* pressed(orderId)
  return { orderId, intentId: String(held(yield* awaitStatus(orderId, "Succeeded"), "intentId")) }
})

const cancelled = Effect.gen(function*() {
  const { intentId, orderId } = yield* pending
  yield* publish("order.cancelled.v1", orderId)
  yield* awaitStatus(orderId, "Failed")
  return { orderId, intentId }
})

const orders = { pending, paid, cancelled }

/** Everything that an event could move. */
const booksOf = (orderId: OrderId) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const payment = yield* sql`SELECT status, intent_id FROM payments WHERE order_id = ${orderId}`
    const refunds = yield* sql`SELECT refund_id, status FROM refunds WHERE order_id = ${orderId}`
    const { refunds: theirs } = yield* ledgerOf(orderId)
    return { payment, refunds, theirs, said: yield* saidOf(orderId) }
  })

/** Ends of a payment that somebody else's events would bring about; each of them signed as it should be. */
const foreign: ReadonlyArray<readonly [string, string, (ours: { orderId: string; intentId: string }) => Details]> = [
  ["is of the live mode", "it is of the other mode than our key", (ours) => ({ ...ours, livemode: true })],
  ["is of a connected account", "it is of another account than ours", (ours) => ({
    ...ours,
    envelope: { account: "acct_theirs" }
  })],
  ["is of another context", "it is of another account than ours", (ours) => ({
    ...ours,
    envelope: { context: "acct_theirs" }
  })],
  ["names an intent that the provider does not have", "the provider's record does not confirm it", ({ orderId }) => ({
    orderId,
    intentId: `pi_forged_${orderId}`
  })],
  ["is of the live mode and names such an intent", "it is of the other mode than our key", ({ orderId }) => ({
    orderId,
    intentId: `pi_forged_${orderId}`,
    livemode: true
  })]
]

/** What contradicts an intent of ours; a payment that knows its end ignores such an event without asking. */
const forged: typeof foreign = [
  ["tells another sum", "the provider's record does not confirm it", (ours) => ({ ...ours, amount: 1 })],
  ["tells another currency", "the provider's record does not confirm it", (ours) => ({ ...ours, currency: "usd" })]
]

layer(Layer.provideMerge(Service, Alerted), { excludeTestServices: true, timeout: 120_000 })(
  "a signed event that is not about us",
  (it) => {
    const moves = (
      name: string,
      order: typeof pending,
      [what, why, details]: (typeof foreign)[number]
    ) =>
      it.effect(`and ${what} moves nothing of a ${name} order, is kept, and is told once (H79)`, () =>
        Effect.gen(function*() {
          const ours = yield* order
          const before = yield* booksOf(ours.orderId)
          const id = `evt_${v7()}`
          alerts.splice(0)
          const body = intentEvent("payment_intent.succeeded", { ...details(ours), id })
          assert.strictEqual((yield* deliver(body)).status, 200)
          assert.strictEqual((yield* deliver(body)).status, 200)
          assert.deepStrictEqual(yield* eventsNamed(id), [{ outcome: "ignored", reason: why }])
          assert.deepStrictEqual(alerts, [`A signed event is set aside and moves nothing: ${why}.`])
          assert.deepStrictEqual(yield* booksOf(ours.orderId), before)
        }))
    for (const [name, order] of Object.entries(orders)) {
      for (const row of foreign) moves(name, order, row)
    }
    for (const row of forged) moves("pending", pending, row)

    it.effect("and asks for a step at another bank shows the customer nothing of it (H79)", () =>
      Effect.gen(function*() {
        const { orderId } = yield* cancelled
        const before = yield* booksOf(orderId)
        yield* deliver(
          intentEvent("payment_intent.requires_action", { orderId, intentId: "pi_forged", status: "requires_action" })
        )
        assert.deepStrictEqual(yield* booksOf(orderId), before)
      }))

    it.effect("but of our own account is heard (H78)", () =>
      Effect.gen(function*() {
        const ours = yield* pending
        const body = intentEvent("payment_intent.succeeded", { ...ours, envelope: { account, context: account } })
        yield* deliver(body)
        yield* awaitStatus(ours.orderId, "Succeeded")
      }))

    for (
      const [what, change] of [
        ["a charge of somebody else's", { payment_intent: "pi_theirs" }],
        ["another sum", { amount: 1 }],
        ["another currency", { currency: "usd" }]
      ] as const
    ) {
      it.effect(`and tells a refund of ours with ${what} settles nothing, and is told once (H79)`, () =>
        Effect.gen(function*() {
          const ours = yield* paid
          yield* publish("order.refund_requested.v1", ours.orderId)
          const sql = yield* SqlClient.SqlClient
          const refunds = sql<{ id: string; status: string }>`
            SELECT refund_id AS id, status FROM refunds WHERE order_id = ${ours.orderId}`
          const [refund] = yield* until(refunds, (rows) => rows.some(({ status }) => status === "Succeeded"))
          const before = yield* booksOf(ours.orderId)
          const id = `evt_${v7()}`
          alerts.splice(0)
          const object = {
            id: "re_theirs",
            object: "refund",
            status: "failed",
            amount: 7680,
            currency: "eur",
            payment_intent: ours.intentId,
            metadata: { orderId: ours.orderId, refundId: refund?.id },
            ...change
          }
          assert.strictEqual((yield* deliver(objectEvent("refund.updated", object, id))).status, 200)
          assert.strictEqual((yield* eventsNamed(id))[0]?.reason, "the provider's record does not confirm it")
          assert.strictEqual(alerts.length, 1)
          assert.deepStrictEqual(yield* booksOf(ours.orderId), before)
        }))
    }

    it.effect("and tells of a refund or a dispute of somebody else's charge is kept, and told once (H79)", () =>
      Effect.gen(function*() {
        const theirs = { payment_intent: "pi_theirs", currency: "eur", amount: 5, status: "succeeded", metadata: {} }
        for (
          const [type, object] of [
            ["refund.created", { ...theirs, id: "re_1", object: "refund" }],
            ["charge.dispute.created", { ...theirs, id: "dp_1", object: "dispute" }]
          ] as const
        ) {
          alerts.splice(0)
          const id = `evt_${v7()}`
          assert.strictEqual((yield* deliver(objectEvent(type, object, id))).status, 200)
          assert.deepStrictEqual((yield* eventsNamed(id)).map(({ outcome }) => outcome), ["ignored"])
          assert.strictEqual(alerts.length, 1)
        }
      }))
  }
)

const unreadable: ReadonlyArray<readonly [string, string, string]> = [
  [
    "is thin",
    "evt_thin",
    toJson({
      id: "evt_thin",
      object: "v2.core.event",
      type: "v1.payment_intent.succeeded",
      created: "2026-12-01T00:00:00.000Z",
      livemode: false,
      related_object: { id: "pi_1", type: "payment_intent", url: "/v1/payment_intents/pi_1" }
    })
  ],
  ["holds nothing", "evt_empty", toJson({ id: "evt_empty", type: "payment_intent.succeeded", created: 1, data: null })],
  [
    "names no mode",
    "evt_modeless",
    toJson({
      id: "evt_modeless",
      type: "payment_intent.succeeded",
      created: 1,
      data: { object: {} }
    })
  ],
  [
    "holds another object than its type says",
    "evt_other",
    objectEvent(
      "payment_intent.succeeded",
      { id: "cus_1", object: "customer" },
      "evt_other"
    )
  ],
  ["has a type that no database takes", "evt_nul", toJson({ id: "evt_nul", type: "a\u0000b", created: 1, data: {} })],
  [
    "has an id that is too long",
    "",
    toJson({ id: "x".repeat(300), type: "a.b", created: 1, livemode: false, data: {} })
  ],
  ["has no id", "", toJson({ type: "payment_intent.succeeded" })],
  ["is a list", "", "[]"],
  ["is null", "", "null"],
  ["is empty", "", ""],
  ["is no JSON", "", "{"]
]

layer(Layer.provideMerge(Service, Alerted), { excludeTestServices: true, timeout: 60_000 })(
  "a signed event that cannot be read",
  (it) => {
    for (const [what, id, body] of unreadable) {
      it.effect(`since it ${what} is kept, told once, and not asked for again (H84)`, () =>
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const kept = sql<{ id: string; reason: string }>`
            SELECT event_id AS id, reason FROM provider_events ORDER BY received_at, event_id`
          const before = yield* kept
          alerts.splice(0)
          assert.strictEqual((yield* deliver(body)).status, 200)
          assert.strictEqual((yield* deliver(body)).status, 200)
          const [fresh, ...more] = (yield* kept).filter((row) => !before.some((one) => one.id === row.id))
          assert.deepStrictEqual(more, [])
          assert.strictEqual(fresh?.reason, "it cannot be read")
          if (id !== "") assert.strictEqual(fresh?.id, id)
          assert.deepStrictEqual(alerts, ["A signed event is set aside and moves nothing: it cannot be read."])
        }))
    }
  }
)
