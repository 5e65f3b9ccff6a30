import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { payment, refusal, start } from "./support/Running.ts"

const challenged = (more: object = {}) =>
  Effect.gen(function*() {
    const running = yield* start()
    const intent = yield* Effect.promise(() =>
      running.stripe.paymentIntents.create({ ...payment("pm_card_authenticationRequired"), ...more })
    )
    const authenticate = (outcome: string) =>
      Effect.promise(() => running.control("POST", `payment_intents/${intent.id}/authenticate`, { outcome }))
    return { ...running, intent, authenticate }
  })

describe("3-D Secure", () => {
  it.scopedLive("asks for an action and takes nothing until the customer has authenticated", () =>
    Effect.gen(function*() {
      const { authenticate, intent, stripe } = yield* challenged()
      expect(intent).toMatchObject({
        status: "requires_action",
        next_action: { type: "use_stripe_sdk" },
        latest_charge: null
      })
      expect((yield* authenticate("succeeded")).json).toMatchObject({ status: "succeeded", amount_received: 1000 })
      const paid = yield* Effect.promise(() => stripe.paymentIntents.retrieve(intent.id))
      expect(paid).toMatchObject({ status: "succeeded", next_action: null, payment_method: intent.payment_method })
      expect((yield* authenticate("succeeded")).json).toMatchObject({
        error: { code: "payment_intent_unexpected_state" }
      })
    }))

  it.scopedLive("redirects when it knows where the customer shall return to", () =>
    Effect.gen(function*() {
      const { intent } = yield* challenged({ return_url: "https://shop.example/back" })
      expect(intent.next_action).toMatchObject({
        type: "redirect_to_url",
        redirect_to_url: { return_url: "https://shop.example/back" }
      })
    }))

  it.scopedLive("a failed authentication leaves the intent waiting for another payment method, without a charge", () =>
    Effect.gen(function*() {
      const { authenticate, control, intent, stripe } = yield* challenged()
      yield* authenticate("failed")
      expect(yield* Effect.promise(() => stripe.paymentIntents.retrieve(intent.id))).toMatchObject({
        status: "requires_payment_method",
        latest_charge: null,
        last_payment_error: { code: "payment_intent_authentication_failure" }
      })
      expect((yield* Effect.promise(() => control("GET", "ledger"))).json).toMatchObject({ charges: [] })
    }))

  it.scopedLive("declines instead when the customer is away or the merchant wants an error", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const card = payment("pm_card_threeDSecure2Required")
      expect(yield* refusal(() => stripe.paymentIntents.create({ ...card, off_session: true }))).toMatchObject({
        code: "authentication_required"
      })
      expect(yield* refusal(() => stripe.paymentIntents.create({ ...card, error_on_requires_action: true })))
        .toMatchObject({
          decline_code: "authentication_not_handled"
        })
    }))

  it.scopedLive("reserves with manual capture, and takes the money or lets it go later", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const reserve = () => stripe.paymentIntents.create({ ...payment(), capture_method: "manual" })
      const [first, second] = [yield* Effect.promise(reserve), yield* Effect.promise(reserve)]
      expect(first).toMatchObject({ status: "requires_capture", amount_capturable: 1000, amount_received: 0 })
      expect(yield* Effect.promise(() => stripe.paymentIntents.capture(first.id))).toMatchObject({
        status: "succeeded",
        amount_received: 1000
      })
      const canceled = yield* Effect.promise(() =>
        stripe.paymentIntents.cancel(second.id, { expand: ["latest_charge"] })
      )
      expect(canceled).toMatchObject({ status: "canceled", latest_charge: { captured: false, refunded: true } })
    }))
})

describe("Reading", () => {
  it.scopedLive("lists newest first, page by page", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const ids: Array<string> = []
      for (let made = 0; made < 5; made += 1) {
        ids.unshift((yield* Effect.promise(() => stripe.paymentIntents.create(payment()))).id)
      }
      const first = yield* Effect.promise(() => stripe.paymentIntents.list({ limit: 2 }))
      expect(first).toMatchObject({ has_more: true, url: "/v1/payment_intents" })
      const all = yield* Effect.promise(() =>
        stripe.paymentIntents.list({ limit: 2 }).autoPagingToArray({ limit: 100 })
      )
      expect(all.map(({ id }) => id)).toEqual(ids)
    }))

  it.scopedLive("finds intents by what is in their metadata", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const wanted = yield* Effect.promise(() =>
        stripe.paymentIntents.create({ ...payment(), metadata: { order: "8" } })
      )
      yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      const found = yield* Effect.promise(() =>
        stripe.paymentIntents.search({ query: `metadata["order"]:"8" AND status:"succeeded"` })
      )
      expect(found.data.map(({ id }) => id)).toEqual([wanted.id])
    }))

  it.scopedLive("makes a payment method of a test token, usable by its id", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const method = yield* Effect.promise(() => stripe.paymentMethods.retrieve("pm_card_mastercard"))
      expect(method).toMatchObject({ id: expect.stringMatching(/^pm_1/), card: { brand: "mastercard", last4: "4444" } })
      const intent = yield* Effect.promise(() => stripe.paymentIntents.create(payment(method.id)))
      expect(intent.payment_method).toBe(method.id)
      expect(yield* refusal(() => stripe.paymentMethods.retrieve("pm_none"))).toMatchObject({ statusCode: 404 })
    }))
})
