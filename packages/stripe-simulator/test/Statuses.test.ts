import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { make, told } from "./support/Receiver.ts"
import { payment, refusal, start } from "./support/Running.ts"

/** A payment whose charge turns out otherwise. */
const turned = (fault: string) =>
  Effect.gen(function*() {
    const receiver = yield* make
    const running = yield* start({ webhookUrl: receiver.url })
    yield* Effect.promise(() => running.control("POST", "faults", { fault }))
    const intent = yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
    const settle = (outcome: string) =>
      Effect.promise(() => running.control("POST", `payment_intents/${intent.id}/settle`, { outcome }))
    const charges = Effect.map(Effect.promise(() => running.control("GET", "ledger")), ({ json }) => json)
    return { ...running, receiver, intent, settle, charges }
  })

describe("Charges that turn out otherwise", () => {
  it.scopedLive("processing is no success: nothing is taken until the bank has decided (H60)", () =>
    Effect.gen(function*() {
      const { charges, intent, receiver, settle, stripe } = yield* turned("processing")
      expect(intent).toMatchObject({ status: "processing", amount_received: 0, latest_charge: null })
      expect(yield* charges).toMatchObject({ charges: [] })
      expect(yield* told(receiver, 2)).toEqual(["payment_intent.created", "payment_intent.processing"])
      expect(yield* refusal(() => stripe.paymentIntents.confirm(intent.id))).toMatchObject({
        code: "payment_intent_unexpected_state"
      })
      expect((yield* settle("succeeded")).json).toMatchObject({ status: "succeeded", amount_received: 1000 })
      expect(yield* told(receiver, 2)).toEqual(["charge.succeeded", "payment_intent.succeeded"])
      expect((yield* settle("failed")).json).toMatchObject({ error: { code: "payment_intent_unexpected_state" } })
      expect(yield* Effect.promise(() => stripe.paymentIntents.retrieve(intent.id))).toMatchObject({
        status: "succeeded"
      })
    }))

  it.scopedLive("processing may come to nothing, and can be given up before it does", () =>
    Effect.gen(function*() {
      const failing = yield* turned("processing")
      yield* told(failing.receiver, 2)
      expect(yield* failing.settle("failed")).toMatchObject({
        status: 200,
        json: { status: "requires_payment_method", last_payment_error: { decline_code: "generic_decline" } }
      })
      expect(yield* told(failing.receiver, 2)).toEqual(["charge.failed", "payment_intent.payment_failed"])
      const given = yield* turned("processing")
      expect(yield* Effect.promise(() => given.stripe.paymentIntents.cancel(given.intent.id))).toMatchObject({
        status: "canceled"
      })
      expect((yield* given.settle("succeeded")).status).toBe(400)
      expect(yield* given.charges).toMatchObject({ charges: [] })
    }))

  it.scopedLive("a charge that is only reserved is taken by a capture, or let go (H60)", () =>
    Effect.gen(function*() {
      const { intent, stripe } = yield* turned("requires_capture")
      expect(intent).toMatchObject({ status: "requires_capture", amount_capturable: 1000, amount_received: 0 })
      expect(yield* Effect.promise(() => stripe.paymentIntents.capture(intent.id))).toMatchObject({
        status: "succeeded",
        amount_received: 1000
      })
    }))

  it.scopedLive("another sum is taken than was asked for, and all the books say so (H61)", () =>
    Effect.gen(function*() {
      const { charges, intent, stripe } = yield* turned("other_amount")
      expect(intent).toMatchObject({ status: "succeeded", amount: 1001, amount_received: 1001 })
      expect(yield* charges).toMatchObject({ charges: [{ amount: 1001, amount_captured: 1001 }] })
      expect(yield* Effect.promise(() => stripe.refunds.create({ payment_intent: intent.id }))).toMatchObject({
        amount: 1001
      })
    }))

  it.scopedLive("such a fault waits for a call that makes a charge", () =>
    Effect.gen(function*() {
      const { control, stripe } = yield* start()
      yield* Effect.promise(() => control("POST", "faults", { fault: "other_amount" }))
      yield* Effect.promise(() => stripe.paymentIntents.list())
      expect((yield* Effect.promise(() => control("GET", "faults"))).json).toMatchObject({ injected: 0 })
    }))
})

describe("Disputes", () => {
  it.scopedLive("a card whose holder disputes the charge: it is told, can be read, and nothing is given back (H68)", () =>
    Effect.gen(function*() {
      const receiver = yield* make
      const { control, stripe } = yield* start({ webhookUrl: receiver.url })
      const intent = yield* Effect.promise(() => stripe.paymentIntents.create(payment("pm_card_createDispute")))
      expect(intent).toMatchObject({ status: "succeeded", amount_received: 1000 })
      expect(yield* told(receiver, 4)).toEqual([
        "charge.dispute.created",
        "charge.succeeded",
        "payment_intent.created",
        "payment_intent.succeeded"
      ])
      const { json } = yield* Effect.promise(() => control("GET", "ledger"))
      expect(json).toMatchObject({
        charges: [{ id: intent.latest_charge, disputed: true, amount_refunded: 0 }],
        refunds: [],
        disputes: [{ object: "dispute", charge: intent.latest_charge, payment_intent: intent.id, amount: 1000 }]
      })
      expect(yield* refusal(() => stripe.refunds.create({ payment_intent: intent.id }))).toMatchObject({
        statusCode: 400,
        code: "charge_disputed"
      })
    }))

  it.scopedLive("a dispute is read by its id", () =>
    Effect.gen(function*() {
      const { control, raw, stripe } = yield* start()
      const intent = yield* Effect.promise(() => stripe.paymentIntents.create(payment("pm_card_createDispute")))
      const ledger = yield* Effect.promise(() => control("GET", "ledger"))
      const id = /"(du_1\w+)"/.exec(ledger.text)?.[1] ?? ""
      expect(yield* Effect.promise(() => stripe.disputes.retrieve(id))).toMatchObject({
        id,
        status: "needs_response",
        reason: "fraudulent",
        payment_intent: intent.id
      })
      expect((yield* Effect.promise(() => raw("GET", "/v1/disputes/du_none"))).status).toBe(404)
    }))
})

describe("Keys that are refused", () => {
  it.scopedLive("a key that is wrong or may not do this changes nothing, and is no decline (H55)", () =>
    Effect.gen(function*() {
      const { control, raw, stripe } = yield* start()
      const pay = () => stripe.paymentIntents.create(payment(), { idempotencyKey: "k" })
      yield* Effect.promise(() => control("POST", "faults", { fault: "unauthorized" }))
      expect(yield* refusal(pay)).toMatchObject({ type: "StripeAuthenticationError", statusCode: 401 })
      yield* Effect.promise(() => control("POST", "faults", { fault: "forbidden", times: 2 }))
      expect(yield* refusal(pay)).toMatchObject({ type: "StripePermissionError", statusCode: 403 })
      const read = yield* Effect.promise(() => raw("GET", "/v1/payment_intents"))
      expect(read).toMatchObject({ status: 403, json: { error: { type: "invalid_request_error" } } })
      expect(read.headers["request-id"]).toMatch(/^req_/)
      expect((yield* Effect.promise(() => control("GET", "ledger"))).json).toMatchObject({ intents: [] })
      expect(yield* Effect.promise(pay)).toMatchObject({ status: "succeeded" })
    }))
})
