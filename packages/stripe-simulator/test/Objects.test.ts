import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type Stripe from "stripe"
import { whole } from "../src/Whole.ts"
import { make } from "./support/Receiver.ts"
import { payment, start } from "./support/Running.ts"

const paid = Effect.gen(function*() {
  const { stripe } = yield* start()
  const intent = yield* Effect.promise(() => stripe.paymentIntents.create(payment("pm_card_pendingRefund")))
  const charge = yield* Effect.promise(() => stripe.charges.retrieve(String(intent.latest_charge)))
  const refund = yield* Effect.promise(() => stripe.refunds.create({ charge: charge.id }))
  const method = yield* Effect.promise(() => stripe.paymentMethods.retrieve(String(intent.payment_method)))
  return { intent, charge, refund, method }
})

describe("A. Objects", () => {
  it.scopedLive("6 builds whole objects: null rather than absent, and no key of an older version", () =>
    Effect.gen(function*() {
      const { charge, intent } = yield* paid
      expect(intent).toMatchObject({ review: null, processing: null, transfer_group: null, canceled_at: null })
      expect(charge).toMatchObject({ review: null, failure_code: null, receipt_url: null, disputed: false })
      for (const legacy of ["charges", "invoice"]) {
        expect(intent).not.toHaveProperty(legacy)
      }
      for (const legacy of ["invoice", "destination", "dispute"]) {
        expect(charge).not.toHaveProperty(legacy)
      }
    }))

  it.scopedLive("6 an object that lacks a key does not compile, nor one with a key of an older version", () =>
    Effect.gen(function*() {
      const { charge, intent, method, refund } = yield* paid
      const [{ review: _, ...half }, { charge: __, ...loose }, { billing_details: ___, ...bare }] = [
        intent,
        refund,
        method
      ]
      // @ts-expect-error Each of these keys is required, though it may be null.
      expect(whole<Stripe.PaymentIntent>()(half)).not.toHaveProperty("review")
      // @ts-expect-error
      expect(whole<Stripe.Refund>()(loose)).not.toHaveProperty("charge")
      // @ts-expect-error
      expect(whole<Stripe.PaymentMethod>()(bare)).not.toHaveProperty("billing_details")
      // @ts-expect-error These are keys of the API as it was before.
      expect(whole<Stripe.PaymentIntent>()({ ...intent, charges: [] })).toHaveProperty("charges")
      // @ts-expect-error
      expect(whole<Stripe.PaymentIntent>()({ ...intent, invoice: null })).toHaveProperty("invoice")
      // @ts-expect-error
      expect(whole<Stripe.Charge>()({ ...charge, destination: null })).toHaveProperty("destination")
    }))

  it.scopedLive("6 what a webhook carries is the same object as what a call answers", () =>
    Effect.gen(function*() {
      const receiver = yield* make
      const { stripe } = yield* start({ webhookUrl: receiver.url })
      const intent = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      const { body } = yield* receiver.next
      const { lastResponse: _, ...answered } = intent
      expect(yield* Schema.decode(Schema.parseJson(Schema.Unknown))(body)).toMatchObject({ data: { object: answered } })
    }))
})
