import { Clock, Console, Effect, Schema } from "effect"
import { createHmac } from "node:crypto"
import { v7 } from "uuid"
import { System } from "../support/Addresses.ts"
import { Quartet } from "../support/Quartet.ts"
import * as QuartetProcess from "../support/Quartet.ts"
import { newProduct, NotAsWished, until } from "../support/Shop.ts"
import { count, rows } from "../support/Tables.ts"
import { buy } from "./Buying.ts"
import { customers } from "./Customers.ts"
import type { Post } from "./load.ts"
import { openLoop } from "./load.ts"
import { bound, percentile } from "./Measured.ts"
import { processorTime } from "./Usage.ts"

const perSecond = 200
const seconds = 10
const events = perSecond * seconds
/** What the provider tells of one charge that came through; the last of them settles the payment. */
const story = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
const payments = Math.ceil(events / story.length)
const secret = "whsec_bench"

const Waiting = Schema.Struct({ orderId: Schema.String, intentId: Schema.String, amount: Schema.NumberFromString })
type Waiting = typeof Waiting.Type

/** Payments that wait for the provider's word: their customers are at their banks. */
const waiting = Effect.gen(function*() {
  const customerOf = yield* customers
  const sku = yield* newProduct(1_000_000)
  yield* Effect.forEach(
    Array.from({ length: payments }, (_, index) => customerOf(index)),
    (customer) => Effect.promise(() => buy(customer, sku, "pm_card_authenticationRequired")),
    { concurrency: 16, discard: true }
  )
  const attempts = rows(
    Waiting,
    `SELECT p.order_id AS "orderId", p.intent_id AS "intentId", a.amount::text AS amount
     FROM payment.payments AS p JOIN payment.payment_attempts AS a USING (order_id, attempt)
     WHERE p.status = 'ActionRequired'`
  )
  return yield* until(attempts, (all) => all.length === payments, "60 seconds")
})

const encode = Schema.encodeSync(Schema.parseJson(Schema.Unknown))

/** One event as the provider words it. */
const eventOf = (type: string, { amount, intentId, orderId }: Waiting): string => {
  const isOver = type === "payment_intent.succeeded"
  const intent = {
    id: intentId,
    object: "payment_intent",
    status: isOver ? "succeeded" : "requires_payment_method",
    amount,
    amount_received: isOver ? amount : 0,
    currency: "eur",
    metadata: { orderId },
    last_payment_error: null,
    next_action: null
  }
  const object = type.startsWith("charge.") ? { id: `ch_${v7()}`, object: "charge", payment_intent: intentId } : intent
  return encode({ id: `evt_${v7()}`, object: "event", type, created: 1_772_442_900, livemode: false, data: { object } })
}

const signed = (url: string, now: number) => (body: string): Post => {
  const signature = createHmac("sha256", secret).update(`${now}.${body}`).digest("hex")
  return { url: `${url}/webhooks/stripe`, headers: { "stripe-signature": `t=${now},v1=${signature}` }, body }
}

/** The provider's events at a steady pace, answered or not; a third of them settle a payment, and the order goes on. */
export const webhooks = Effect.gen(function*() {
  const { payment } = yield* System
  const open = yield* waiting
  const bodies = open.flatMap((one) => story.map((type) => eventOf(type, one))).slice(0, events)
  yield* Console.log(`  (${payments} payments wait; now ${perSecond} events a second for ${seconds} seconds)`)
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const posts = bodies.map(signed(payment, now))
  const nothing: Post = { url: payment, headers: {}, body: "" }
  const { pid } = yield* Effect.flatMap(Quartet, ({ running }) => running)
  const before = yield* processorTime(pid)
  const sent = yield* Effect.promise(() => openLoop(perSecond, seconds, (index) => posts[index] ?? nothing))
  const each = ((yield* processorTime(pid)) - before) / events
  const kept = yield* count("payment.provider_events WHERE event_id LIKE 'evt_%-%'")
  const settled = yield* count("payment.payments WHERE status = 'Succeeded'")
  const refused = sent.filter(({ status }) => status !== 200).length
  const lastOnes = bodies.filter((body) => body.includes(`"payment_intent.succeeded"`)).length
  if (refused > 0 || kept !== events || settled !== lastOnes) {
    return yield* new NotAsWished({ seen: { refused, kept, events, settled, of: lastOnes } })
  }
  const times = sent.map(({ milliseconds }) => milliseconds)
  const half = Math.round(percentile(times, 0.5))
  yield* Console.log(
    `  (half were answered within ${half} ms, all are on record; ${each.toFixed(1)} ms of processor each)`
  )
  return [bound(`an event on record and answered, at ${perSecond}/s, p99`, "ms", percentile(times, 0.99), 100)]
}).pipe(Effect.provide(QuartetProcess.layer({
  STRIPE_WEBHOOK_SECRET: secret,
  PAYMENT_FIRST_PAUSE: "60 seconds" // nobody asks about those who are at their banks
})))
