import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { make, told } from "./support/Receiver.ts"
import { payment, refusal, start } from "./support/Running.ts"

const paid = (options: Parameters<typeof start>[0] = {}, card = "pm_card_visa") =>
  Effect.gen(function*() {
    const running = yield* start(options)
    const intent = yield* Effect.promise(() => running.stripe.paymentIntents.create(payment(card)))
    const charge = () => Effect.promise(() => running.stripe.charges.retrieve(String(intent.latest_charge)))
    return { ...running, intent, charge }
  })

describe("C. Refunds", () => {
  it.scopedLive("19 refunds what remains by default, by intent or by charge", () =>
    Effect.gen(function*() {
      const { charge, intent, stripe } = yield* paid()
      const part = yield* Effect.promise(() =>
        stripe.refunds.create({ charge: String(intent.latest_charge), amount: 300, metadata: { why: "late" } })
      )
      expect(part).toMatchObject({
        amount: 300,
        status: "succeeded",
        charge: intent.latest_charge,
        payment_intent: intent.id,
        metadata: { why: "late" }
      })
      expect(yield* charge()).toMatchObject({ amount_refunded: 300, refunded: false })
      const rest = yield* Effect.promise(() => stripe.refunds.create({ payment_intent: intent.id }))
      expect(rest.amount).toBe(700)
      expect(yield* charge()).toMatchObject({ amount_refunded: 1000, refunded: true })
      expect(yield* Effect.promise(() => stripe.paymentIntents.retrieve(intent.id))).toMatchObject({
        status: "succeeded"
      })
      expect(yield* Effect.promise(() => stripe.refunds.retrieve(part.id))).toMatchObject({ id: part.id, amount: 300 })
    }))

  it.scopedLive("20 never gives back more than was charged, and says why", () =>
    Effect.gen(function*() {
      const { intent, stripe } = yield* paid()
      const refund = (amount?: number) => () =>
        stripe.refunds.create({ payment_intent: intent.id, ...(amount === undefined ? {} : { amount }) })
      const tooMuch = yield* refusal(refund(1100))
      expect(tooMuch).toMatchObject({
        statusCode: 400,
        code: undefined,
        param: "amount",
        message: "Refund amount ($11.00) is greater than charge amount ($10.00)"
      })
      expect(yield* refusal(refund(-5))).toMatchObject({ statusCode: 400, code: "parameter_invalid_integer" })
      yield* Effect.promise(refund(500))
      expect(yield* refusal(refund(600))).toMatchObject({
        message: "Refund amount ($6.00) is greater than unrefunded amount on charge ($5.00)"
      })
      yield* Effect.promise(refund())
      expect(yield* refusal(refund())).toMatchObject({
        statusCode: 400,
        code: "charge_already_refunded",
        message: `Charge ${String(intent.latest_charge)} has already been refunded.`
      })
    }))

  it.scopedLive("20 refuses to refund an intent that was never paid", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const open = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      expect(yield* refusal(() => stripe.refunds.create({ payment_intent: open.id }))).toMatchObject({
        statusCode: 400
      })
    }))

  it.scopedLive("20 refunds asked for at once never exceed the charge", () =>
    Effect.gen(function*() {
      const { charge, intent, raw } = yield* paid()
      const answers = yield* Effect.promise(() =>
        Promise.all(
          Array.from(
            { length: 8 },
            () => raw("POST", "/v1/refunds", { body: `payment_intent=${intent.id}&amount=300` })
          )
        )
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
      expect(yield* charge()).toMatchObject({ amount_refunded: 900 })
    }))

  it.scopedLive("20 the bytes say the same: 400, not to be repeated, and replayed under its key", () =>
    Effect.gen(function*() {
      const { intent, raw } = yield* paid()
      const refund = (amount: number) =>
        Effect.promise(() =>
          raw("POST", "/v1/refunds", {
            body: `payment_intent=${intent.id}&amount=${amount}`,
            headers: { "idempotency-key": "r" }
          })
        )
      const [first, second] = [yield* refund(1100), yield* refund(1100)]
      expect(first.status).toBe(400)
      expect(first.text).not.toContain(`"code"`)
      expect(first.headers["stripe-should-retry"]).toBe("false")
      expect([second.text, second.headers["idempotent-replayed"]]).toEqual([first.text, "true"])
    }))
})

describe("Refunds that take their time", () => {
  it.scopedLive("one that fails later stays on record and no longer counts (H66)", () =>
    Effect.gen(function*() {
      const { charge, control, intent, stripe } = yield* paid()
      const refund = yield* Effect.promise(() => stripe.refunds.create({ payment_intent: intent.id }))
      yield* Effect.promise(() => control("POST", `refunds/${refund.id}/fail`))
      expect(yield* Effect.promise(() => stripe.refunds.retrieve(refund.id))).toMatchObject({ status: "failed" })
      expect(yield* charge()).toMatchObject({ amount_refunded: 0, refunded: false })
    }))

  it.scopedLive("one to a slow card is pending until it is settled (H66)", () =>
    Effect.gen(function*() {
      const receiver = yield* make
      const { charge, control, intent, stripe } = yield* paid({ webhookUrl: receiver.url }, "pm_card_pendingRefund")
      yield* told(receiver, 3)
      const refund = yield* Effect.promise(() => stripe.refunds.create({ payment_intent: intent.id }))
      expect(refund).toMatchObject({ status: "pending", pending_reason: "processing", amount: 1000 })
      expect(yield* charge()).toMatchObject({ amount_refunded: 1000, refunded: true })
      expect(yield* told(receiver, 2)).toEqual(["charge.refunded", "refund.created"])
      const settle = () => Effect.promise(() => control("POST", `refunds/${refund.id}/settle`))
      expect(yield* settle()).toMatchObject({ status: 200, json: { id: refund.id, status: "succeeded" } })
      expect(yield* told(receiver, 1)).toEqual(["refund.updated"])
      expect(yield* settle()).toMatchObject({ status: 400, json: { error: { type: "invalid_request_error" } } })
      expect(yield* Effect.promise(() => stripe.refunds.retrieve(refund.id))).toMatchObject({ status: "succeeded" })
    }))

  it.scopedLive("a pending one may fail, and then the money is there again (H66)", () =>
    Effect.gen(function*() {
      const { charge, control, intent, stripe } = yield* paid({}, "pm_card_pendingRefund")
      const refund = yield* Effect.promise(() => stripe.refunds.create({ payment_intent: intent.id }))
      const failed = yield* Effect.promise(() => control("POST", `refunds/${refund.id}/fail`))
      expect(failed.json).toMatchObject({ status: "failed", failure_reason: "expired_or_canceled_card" })
      expect(failed.json).not.toHaveProperty("pending_reason")
      expect(yield* charge()).toMatchObject({ amount_refunded: 0, refunded: false })
      expect((yield* Effect.promise(() => control("POST", `refunds/${refund.id}/settle`))).status).toBe(400)
    }))

  it.scopedLive("one to a card that loses refunds succeeds, and comes back when it settles (H66)", () =>
    Effect.gen(function*() {
      const receiver = yield* make
      const { charge, control, intent, stripe } = yield* paid({ webhookUrl: receiver.url }, "pm_card_refundFail")
      yield* told(receiver, 3)
      const refund = yield* Effect.promise(() => stripe.refunds.create({ payment_intent: intent.id }))
      expect(refund.status).toBe("succeeded")
      yield* told(receiver, 2)
      yield* Effect.promise(() => control("POST", `refunds/${refund.id}/settle`))
      expect(yield* told(receiver, 2)).toEqual(["refund.failed", "refund.updated"])
      expect(yield* charge()).toMatchObject({ amount_refunded: 0, refunded: false })
    }))

  it.scopedLive("a refund that nobody made cannot be settled", () =>
    Effect.gen(function*() {
      const { control } = yield* start()
      expect((yield* Effect.promise(() => control("POST", "refunds/re_none/settle"))).status).toBe(404)
    }))
})
