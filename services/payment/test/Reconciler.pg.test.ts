import { HttpBody, HttpClient, HttpClientRequest, UrlParams } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@quartet/contracts/Ids"
import type { Look } from "@quartet/hosting/Reconciling"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { ConfigProvider, Duration, Effect, Layer, Metric, Option, Schedule, Schema } from "effect"
import { v7 } from "uuid"
import { PaymentActor } from "../src/Actor.ts"
import { BeginCharge } from "../src/domain/Command.ts"
import * as Findings from "../src/Findings.ts"
import * as ProviderBooks from "../src/ProviderBooks.ts"
import * as Reconciler from "../src/Reconciler.ts"
import { awaitStatus, Connected, freshOrder, held, ledgerOf, pressed, provider, saidOf, Service } from "./support.ts"

/** A reconciler that talks to the provider of this test, by itself as often as the settings say. */
const reconciling = (settings: Readonly<Record<string, string>> = {}) =>
  Layer.unwrapEffect(Effect.map(Simulator.Simulator, ({ port }) =>
    Reconciler.layer.pipe(
      Layer.provide(Findings.layer),
      Layer.provideMerge(ProviderBooks.layer),
      Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(
        new Map(Object.entries({
          STRIPE_API_BASE: `http://127.0.0.1:${port}`,
          STRIPE_DEADLINE: "2 seconds",
          PAYMENT_RECONCILE_EVERY: "never",
          ...settings
        }))
      )))
    )))

const Answer = Schema.parseJson(Schema.Struct({ id: Schema.optional(Schema.String) }))

/** A call of the provider's API past every service: a customer's whose answer is lost, or somebody's at the dashboard. */
const call = Effect.fn("call")(
  function*(path: string, form: Readonly<Record<string, string>> = {}, key: string = v7()) {
    const { port } = yield* Simulator.Simulator
    const client = yield* HttpClient.HttpClient
    const response = yield* client.execute(
      HttpClientRequest.post(`http://127.0.0.1:${port}/v1/${path}`, {
        body: HttpBody.urlParams(UrlParams.fromInput(form))
      }).pipe(HttpClientRequest.bearerToken("sk_test_desk"), HttpClientRequest.setHeader("idempotency-key", key))
    )
    const { id = "" } = yield* Schema.decode(Answer)(yield* response.text)
    return { status: response.status, id }
  }
)

const chargeFor = (orderId: string, more: Readonly<Record<string, string>> = {}, key?: string) =>
  call("payment_intents", {
    amount: "7680",
    currency: "eur",
    payment_method: "pm_card_visa",
    "allowed_payment_method_types[0]": "card",
    confirm: "true",
    "metadata[orderId]": orderId,
    ...more
  }, key)

const Webhooks = Schema.Struct({ lost: Schema.Int })
const lost = Effect.map(
  Effect.flatMap(provider("GET", "webhooks"), Schema.decodeUnknown(Webhooks)),
  (counted) => counted.lost
)

/** The provider is asked and has decided; its answer never arrives, and its events are lost. */
const unheard = Effect.fn("unheard")(function*(method = "pm_card_visa") {
  const { submit } = yield* PaymentActor
  const order = freshOrder(method)
  const { orderId } = order
  yield* provider("POST", "webhooks", { mode: "drop" })
  const before = yield* lost
  yield* submit([
    fromMessage(order.request),
    fromMessage(BeginCharge.make({ orderId, attempt: 1, try: 1 }))
  ])
  const asked = { payment_method: method, "metadata[paymentId]": order.request.paymentId, "metadata[attempt]": "1" }
  yield* chargeFor(orderId, asked, `charge:${orderId}:1`)
  yield* Effect.repeat(lost, { until: (now) => now > before, schedule: Schedule.spaced("10 millis") })
  assert.strictEqual((yield* awaitStatus(orderId, "Charging"))._tag, "Charging")
  return orderId
})

/** What is found of one order. */
const foundOf = Effect.fn("foundOf")(function*(orderId: string) {
  const { look } = yield* Reconciler.Reconciler
  const { mismatches, unread } = yield* look(Option.none())
  assert.isNull(unread)
  return mismatches.filter((one) => one.orderId === orderId)
})

/** Has all of one order repaired, and looks again. */
const repaired = Effect.fn("repaired")(function*(orderId: string) {
  const { repair } = yield* Reconciler.Reconciler
  const ids = (yield* foundOf(orderId)).map(({ id }) => id)
  const made = yield* repair(new Set(ids), Option.none())
  return { ids, repaired: made.repaired, left: yield* foundOf(orderId) }
})

const transitions = (orderId: OrderId) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ event: string; actor: string }>`
        SELECT event, actor FROM payment_transitions WHERE order_id = ${orderId} ORDER BY version`,
      (rows) => rows.map(({ actor, event }) => `${event} by ${actor}`)
    ))

layer(Layer.provideMerge(reconciling(), Connected), { excludeTestServices: true, timeout: 60_000 })(
  "whoever reads the provider's books",
  (it) => {
    it.effect("settles an attempt whose answer and whose events never came, once (H39, H83)", () =>
      Effect.gen(function*() {
        const orderId = yield* unheard()
        const { ids, left, repaired: done } = yield* repaired(orderId)
        assert.lengthOf(ids, 1)
        assert.deepStrictEqual({ done, left }, { done: ids, left: [] })
        yield* awaitStatus(orderId, "Succeeded")
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
        assert.deepStrictEqual((yield* transitions(orderId)).slice(-1), ["PaymentSucceeded by reconciler"])
      }))

    it.effect("settles one that was declined, and one that was cancelled at the dashboard (H63, H209)", () =>
      Effect.gen(function*() {
        const declined = yield* unheard("pm_card_chargeDeclined")
        yield* repaired(declined)
        yield* awaitStatus(declined, "Closing")
        const banked = yield* unheard("pm_card_authenticationRequired")
        yield* repaired(banked)
        const waiting = yield* awaitStatus(banked, "ActionRequired")
        const cancelled = yield* call(`payment_intents/${String(held(waiting, "intentId"))}/cancel`)
        assert.strictEqual(cancelled.status, 200)
        const { ids, left } = yield* repaired(banked)
        assert.deepStrictEqual({ ids: ids.length, left }, { ids: 1, left: [] })
        yield* awaitStatus(banked, "Failed")
        assert.deepStrictEqual(yield* saidOf(banked), ["payment.action_required.v1", "payment.failed.v1"])
      }))

    it.effect("changes nothing when several do so at once (H171)", () =>
      Effect.gen(function*() {
        const { repair } = yield* Reconciler.Reconciler
        const orderId = yield* unheard()
        const ids = new Set((yield* foundOf(orderId)).map(({ id }) => id))
        yield* Effect.all([1, 2, 3].map(() => repair(ids, Option.none())), { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
      }))

    it.effect("enters a refund that was made by hand, whole or in part, and says so once (H209)", () =>
      Effect.gen(function*() {
        const orderId = yield* unheard()
        yield* repaired(orderId)
        const state = yield* awaitStatus(orderId, "Succeeded")
        yield* call("refunds", { payment_intent: String(held(state, "intentId")), amount: "700" })
        const { ids, left } = yield* repaired(orderId)
        assert.deepStrictEqual({ ids: ids.length, left }, { ids: 1, left: [] })
        assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1", "payment.refunded.v1"])
        assert.deepStrictEqual((yield* ledgerOf(orderId)).refunds.map(({ amount }) => amount), [700])
      }))

    it.effect("leaves to a person money of an order that nobody here asked to be paid, until one says so (H207, H208)", () =>
      Effect.gen(function*() {
        const orderId = v7()
        const { id } = yield* chargeFor(orderId)
        const found = yield* foundOf(orderId)
        assert.deepStrictEqual(found.map(({ id, remedy, taken }) => [id, remedy, taken?.intentId]), [
          [`payment/${id}`, "return", id]
        ])
        const { left } = yield* repaired(orderId)
        assert.deepStrictEqual(left, [])
        const again = yield* repaired(orderId)
        assert.deepStrictEqual(again, { ids: [], repaired: [], left: [] })
        const { refunds } = yield* provider("GET", "ledger").pipe(Effect.flatMap(Schema.decodeUnknown(Refunds)))
        assert.deepStrictEqual(
          refunds.flatMap(({ amount, payment_intent }) => payment_intent === id ? [amount] : []),
          [7680]
        )
      }))

    it.effect("leaves to a person what counts as paid here and is no charge there (H207)", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const orderId = yield* unheard()
        yield* repaired(orderId)
        yield* sql`UPDATE payments SET intent_id = ${`pi_${orderId}`} WHERE order_id = ${orderId}`
        const { left, repaired: done } = yield* repaired(orderId)
        // The charge that is there is another one now; taken for a second one, the only money there is would go back.
        assert.deepStrictEqual(left.map(({ remedy }) => remedy), ["person", "person"])
        assert.deepInclude(left.map(({ id }) => id), `payment/pi_${orderId}`)
        assert.deepStrictEqual(done, [])
        assert.deepStrictEqual((yield* ledgerOf(orderId)).refunds, [])
      }))

    it.effect("reads every page, and tells when the books cannot be read (H207)", () =>
      Effect.gen(function*() {
        const orderId = yield* unheard()
        yield* Effect.forEach(Array.from({ length: 101 }), () => chargeFor("none of ours"), { concurrency: 16 })
        assert.lengthOf(yield* foundOf(orderId), 1)
        const { look } = yield* Reconciler.Reconciler
        yield* provider("POST", "faults", { match: { path: "/v1/refunds" }, fault: "error_before", times: 10 })
        const { mismatches, unread } = yield* look(Option.none())
        yield* provider("DELETE", "faults")
        assert.include(String(unread), "500")
        assert.deepStrictEqual(mismatches, [])
        // The provider's times are whole seconds, so what was charged in this one may still be in the window.
        const recent = yield* Effect.repeat(look(Option.some(Duration.zero)), {
          until: ({ mismatches }) => mismatches.every((one) => one.orderId !== orderId),
          schedule: Schedule.spaced("100 millis").pipe(
            Schedule.upTo("5 seconds"),
            Schedule.zipRight(Schedule.identity<Look>())
          )
        })
        assert.deepStrictEqual(recent.mismatches.filter((one) => one.orderId === orderId), [])
      }))
  }
)

const Refunds = Schema.Struct({
  refunds: Schema.Array(Schema.Struct({ payment_intent: Schema.String, amount: Schema.Int }))
})

const description = "Differences between the provider's books and ours that wait for a person, at the last look"
const often = reconciling({ PAYMENT_RECONCILE_EVERY: "100 millis" })

layer(Layer.provideMerge(often, Service), { excludeTestServices: true, timeout: 60_000 })(
  "the payment service, by itself",
  (it) => {
    it.effect("gives a second charge back, though no event tells of it (H62)", () =>
      Effect.gen(function*() {
        const { orderId } = freshOrder()
        yield* pressed(orderId)
        yield* awaitStatus(orderId, "Succeeded")
        yield* provider("POST", "webhooks", { mode: "drop" })
        const { id } = yield* chargeFor(orderId)
        const ledger = yield* Effect.repeat(ledgerOf(orderId), {
          until: ({ refunds }) => refunds.length > 0,
          schedule: Schedule.spaced("20 millis")
        }).pipe(Effect.zipRight(ledgerOf(orderId)), Effect.timeout("20 seconds"))
        assert.deepStrictEqual(ledger.refunds.map((refund) => refund.payment_intent), [id])
        assert.lengthOf(ledger.intents, 2)
        const settled = Effect.map(foundOf(orderId), (found) => found.length === 0)
        yield* Effect.repeat(settled, { until: (isSo) => isSo, schedule: Schedule.spaced("20 millis") })
        assert.lengthOf((yield* ledgerOf(orderId)).refunds, 1)
      }))

    it.effect("gives money back that came for an order which was cancelled before it asked for a payment (H26)", () =>
      Effect.gen(function*() {
        const { submit } = yield* PaymentActor
        const { cancel, orderId } = freshOrder()
        yield* submit([fromMessage(cancel)])
        yield* provider("POST", "webhooks", { mode: "drop" })
        yield* chargeFor(orderId)
        const { refunds } = yield* Effect.repeat(ledgerOf(orderId), {
          until: (ledger) => ledger.refunds.length > 0,
          schedule: Schedule.spaced("20 millis")
        }).pipe(Effect.zipRight(ledgerOf(orderId)), Effect.timeout("20 seconds"))
        assert.deepStrictEqual(refunds.map(({ amount }) => amount), [7680])
        const settled = Effect.map(foundOf(orderId), (found) => found.length === 0)
        yield* Effect.repeat(settled, { until: (isSo) => isSo, schedule: Schedule.spaced("20 millis") })
        assert.lengthOf((yield* ledgerOf(orderId)).refunds, 1)
      }))

    it.effect("gives nobody money back of whose order it does not know (H208)", () =>
      Effect.gen(function*() {
        const stranger = v7()
        yield* chargeFor(stranger)
        const orderId = yield* unheard()
        // It has looked, since it settled what happened later.
        yield* awaitStatus(orderId, "Succeeded")
        yield* Effect.repeat(Metric.value(Metric.gauge("payment_mismatches", { description })), {
          until: ({ value }) => value === 1,
          schedule: Schedule.spaced("10 millis")
        }).pipe(Effect.timeout("10 seconds"))
        assert.lengthOf(yield* foundOf(stranger), 1)
      }))
  }
)
