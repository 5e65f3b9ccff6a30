import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type Stripe from "stripe"
import { sign } from "../src/Signature.ts"
import { make, type Received, type Receiver } from "./support/Receiver.ts"
import { payment, refusal, type Running, start, webhookSecret } from "./support/Running.ts"

const telling = Effect.gen(function*() {
  const receiver = yield* make
  const running = yield* start({ webhookUrl: receiver.url })
  const conduct = (mode: string, delayMs = 0) =>
    Effect.promise(() => running.control("POST", "webhooks", { mode, delayMs }))
  return { ...running, receiver, conduct }
})

const verified = ({ stripe }: Running, { body, signature }: Received): Stripe.Event =>
  stripe.webhooks.constructEvent(body, signature, webhookSecret)

const events = (running: Running, receiver: Receiver, count: number) =>
  Effect.map(
    Effect.replicateEffect(receiver.next, count),
    (received) => received.map((each) => verified(running, each))
  )

const open = { ...payment(), confirm: false }

describe("E. Events and webhooks", () => {
  it.scopedLive("29 wraps a snapshot of the object in an envelope that names its request", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* telling
      const intent = yield* Effect.promise(() =>
        running.stripe.paymentIntents.create(open, { idempotencyKey: "order-7" })
      )
      const [event] = yield* events(running, receiver, 1)
      yield* Effect.promise(() => running.stripe.paymentIntents.cancel(intent.id))
      // It was canceled meanwhile, and still is what it was when this happened.
      expect(event).toMatchObject({
        id: expect.stringMatching(/^evt_/),
        object: "event",
        type: "payment_intent.created",
        api_version: "2026-10-28.endive",
        livemode: false,
        pending_webhooks: 1,
        request: { id: intent.lastResponse.requestId, idempotency_key: "order-7" },
        data: { object: { id: intent.id, status: "requires_confirmation", metadata: { order: "7" } } }
      })
    }))

  it.scopedLive("29 says what was before, where something changed", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* telling
      const intent = yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
      yield* events(running, receiver, 3)
      yield* Effect.promise(() => running.stripe.refunds.create({ payment_intent: intent.id }))
      const refunded = (yield* events(running, receiver, 2)).find(({ type }) => type === "charge.refunded")
      expect(refunded?.data.previous_attributes).toEqual({ amount_refunded: 0, refunded: false })
    }))

  it.scopedLive("30 tells a success, a decline, a cancellation and a refund, each in its own events", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* telling
      const { stripe } = running
      const types = (count: number) =>
        Effect.map(events(running, receiver, count), (told) => told.map(({ type }) => type).toSorted())
      const paid = yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      expect(yield* types(3)).toEqual(["charge.succeeded", "payment_intent.created", "payment_intent.succeeded"])
      yield* refusal(() => stripe.paymentIntents.create(payment("pm_card_chargeDeclined")))
      expect(yield* types(3)).toEqual(["charge.failed", "payment_intent.created", "payment_intent.payment_failed"])
      const unpaid = yield* Effect.promise(() => stripe.paymentIntents.create(open))
      yield* Effect.promise(() => stripe.paymentIntents.cancel(unpaid.id))
      expect(yield* types(2)).toEqual(["payment_intent.canceled", "payment_intent.created"])
      yield* Effect.promise(() => stripe.refunds.create({ payment_intent: paid.id, amount: 400 }))
      const refund = yield* events(running, receiver, 2)
      expect(refund.map(({ type }) => type).toSorted()).toEqual(["charge.refunded", "refund.created"])
      expect(refund.find(({ type }) => type === "charge.refunded")?.data).toMatchObject({
        object: { amount_refunded: 400 },
        previous_attributes: { amount_refunded: 0 }
      })
    }))

  it("31 signs the second and the exact body with the whole secret", () => {
    // Computed with OpenSSL: printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
    expect(sign("whsec_test", 1_700_000_000, `{"id":"evt_1"}`)).toBe(
      "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925"
    )
  })

  it.scopedLive("31 the SDK takes its signature, one of several, and nothing older than five minutes", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* telling
      yield* Effect.promise(() => running.stripe.paymentIntents.create(open))
      const { body, signature } = yield* receiver.next
      const { webhooks } = running.stripe
      const seconds = Number(/^t=(\d+),v1=[0-9a-f]{64}$/.exec(signature)?.[1])
      const verify = (header: string) => () => webhooks.constructEvent(body, header, webhookSecret)
      expect(webhooks.generateTestHeaderString({ payload: body, secret: webhookSecret, timestamp: seconds })).toBe(
        signature
      )
      expect(verify(`${signature},v1=${"0".repeat(64)},v0=${"f".repeat(64)}`)()).toMatchObject({ object: "event" })
      expect(verify(sign(webhookSecret, seconds + 3600, body))()).toMatchObject({ object: "event" })
      expect(verify(sign(webhookSecret, seconds - 310, body))).toThrow(/tolerance/)
      expect(verify(signature.replace("v1=", "v0="))).toThrow()
      expect(verify(sign("whsec_another", seconds, body))).toThrow()
    }))

  it.scopedLive("32 repeats what was refused or broken off: same id and body, signed anew", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* telling
      receiver.answers.push(500, 0)
      yield* Effect.promise(() => running.stripe.paymentIntents.create(open))
      const first = yield* receiver.next
      const second = yield* receiver.next
      const third = yield* receiver.next
      expect([second.body, third.body]).toEqual([first.body, first.body])
      expect(third.signature).not.toBe(first.signature)
      expect(verified(running, third).type).toBe("payment_intent.created")
    }))

  it.scopedLive("33 replays, conflicts and validation errors tell nothing", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* telling
      const { stripe } = running
      const idempotencyKey = "k"
      yield* Effect.promise(() => stripe.paymentIntents.create(open, { idempotencyKey }))
      yield* events(running, receiver, 1)
      yield* Effect.promise(() => stripe.paymentIntents.create(open, { idempotencyKey }))
      yield* refusal(() => stripe.paymentIntents.create(payment(), { idempotencyKey }))
      yield* refusal(() => stripe.paymentIntents.create({ ...open, amount: 0 }))
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "in_use" }))
      yield* refusal(() => stripe.paymentIntents.create(open))
      const last = yield* Effect.promise(() => stripe.paymentIntents.create(open))
      const [next] = yield* events(running, receiver, 1)
      expect(next?.data.object).toMatchObject({ id: last.id })
    }))
})

describe("F. Webhooks gone wrong", () => {
  it.scopedLive("35 holds events until they are released", () =>
    Effect.gen(function*() {
      const { conduct, control, receiver, stripe } = yield* telling
      yield* conduct("hold")
      yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      const held = Effect.promise(() => control("GET", "webhooks"))
      yield* Effect.repeat(held, { until: ({ text }) => text.includes(`"held":3`), times: 1000 })
      expect((yield* Effect.promise(() => control("POST", "webhooks/release"))).json).toEqual({ released: 3 })
      yield* Effect.replicateEffect(receiver.next, 3)
    }))

  it.scopedLive("35 sends every event twice", () =>
    Effect.gen(function*() {
      const { conduct, receiver, stripe } = yield* telling
      yield* conduct("duplicate")
      yield* Effect.promise(() => stripe.paymentIntents.create(open))
      const [first, second] = [yield* receiver.next, yield* receiver.next]
      expect(second.body).toBe(first.body)
    }))

  it.scopedLive("35 sends the last first", () =>
    Effect.gen(function*() {
      const { conduct, receiver, ...running } = yield* telling
      yield* conduct("reorder", 300)
      yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
      expect((yield* events(running, receiver, 3)).map(({ type }) => type)).toEqual([
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created"
      ])
    }))

  it.scopedLive("35 loses events, and counts them", () =>
    Effect.gen(function*() {
      const { conduct, receiver, ...running } = yield* telling
      yield* conduct("drop")
      yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
      const status = Effect.promise(() => running.control("GET", "webhooks"))
      const lost = yield* Effect.repeat(status, { until: ({ text }) => text.includes(`"lost":3`), times: 1000 })
      expect(lost.json).toMatchObject({ lost: 3, pending: 0, delivered: 0 })
      yield* conduct("deliver")
      const intent = yield* Effect.promise(() => running.stripe.paymentIntents.create(open))
      const [next] = yield* events(running, receiver, 1)
      expect(next?.data.object).toMatchObject({ id: intent.id })
    }))

  it.scopedLive("35 delays events", () =>
    Effect.gen(function*() {
      const { conduct, receiver, ...running } = yield* telling
      yield* conduct("deliver", 1100)
      yield* Effect.promise(() => running.stripe.paymentIntents.create(open))
      const received = yield* receiver.next
      const event = verified(running, received)
      expect(Number(/^t=(\d+)/.exec(received.signature)?.[1])).toBeGreaterThan(event.created)
    }))
})
