import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { payment, refusal, start } from "./support/Running.ts"

/** As Stripe says it, without a code and without a parameter. */
const spent = {
  type: "StripeInvalidRequestError",
  statusCode: 400,
  code: undefined,
  param: undefined,
  message: expect.stringMatching(/^The provided PaymentMethod was previously used .* It may not be used again\. /)
}

describe("B. Payment methods", () => {
  it.scopedLive("11 answers 400 for a payment method that nobody made", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      expect(yield* refusal(() => stripe.paymentIntents.create(payment("pm_none")))).toMatchObject({
        statusCode: 400,
        code: "resource_missing",
        param: "payment_method",
        message: expect.stringMatching(/^No such PaymentMethod: 'pm_none'; /)
      })
    }))

  it.scopedLive("36 a method without a customer pays once, and can still be looked at", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const { id } = yield* Effect.promise(() => stripe.paymentMethods.retrieve("pm_card_visa"))
      expect(yield* Effect.promise(() => stripe.paymentIntents.create(payment(id)))).toMatchObject({
        status: "succeeded",
        payment_method: id
      })
      expect(yield* refusal(() => stripe.paymentIntents.create(payment(id)))).toMatchObject(spent)
      expect(yield* Effect.promise(() => stripe.paymentMethods.retrieve(id))).toMatchObject({ id })
      const { data } = yield* Effect.promise(() => stripe.paymentIntents.list())
      expect(data.length).toBe(1)
    }))

  it.scopedLive("36 a declined method is used up too, for every intent but the one it was tried for", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const { id } = yield* Effect.promise(() => stripe.paymentMethods.retrieve("pm_card_visa_chargeDeclined"))
      const { confirm: _, ...unconfirmed } = payment(id)
      const [first, second] = yield* Effect.all([
        Effect.promise(() => stripe.paymentIntents.create(unconfirmed)),
        Effect.promise(() => stripe.paymentIntents.create(unconfirmed))
      ])
      const confirming = (intent: string) =>
        refusal(() => stripe.paymentIntents.confirm(intent, { payment_method: id }))
      expect(yield* confirming(first.id)).toMatchObject({ statusCode: 402 })
      expect(yield* confirming(first.id)).toMatchObject({ statusCode: 402 })
      expect(yield* confirming(second.id)).toMatchObject(spent)
      expect(yield* refusal(() => stripe.paymentIntents.confirm(second.id))).toMatchObject(spent)
    }))
})
