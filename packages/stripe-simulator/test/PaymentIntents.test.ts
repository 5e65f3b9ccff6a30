import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { payment, paymentForm, refusal, start } from "./support/Running.ts"

describe("B. PaymentIntents", () => {
  it.scopedLive("7 goes from requires_payment_method over requires_confirmation to succeeded", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const { confirm: _, payment_method: __, ...bare } = payment()
      const empty = yield* Effect.promise(() => stripe.paymentIntents.create(bare))
      expect(empty).toMatchObject({ status: "requires_payment_method", capture_method: "automatic_async" })
      const old = yield* Effect.promise(() => stripe.paymentIntents.create(bare, { apiVersion: "2023-10-16" }))
      expect(old).toMatchObject({ capture_method: "automatic" })
      const ready = yield* Effect.promise(() =>
        stripe.paymentIntents.create({ ...bare, payment_method: "pm_card_visa" })
      )
      expect(ready).toMatchObject({ status: "requires_confirmation", latest_charge: null, amount_received: 0 })
      const paid = yield* Effect.promise(() => stripe.paymentIntents.confirm(ready.id))
      expect(paid).toMatchObject({ id: ready.id, status: "succeeded" })
    }))

  it.scopedLive("8 create with confirm answers succeeded, with a fresh payment method and the charge's id", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const intent = yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      expect(intent).toMatchObject({
        status: "succeeded",
        amount_received: 1000,
        latest_charge: expect.stringMatching(/^ch_/),
        payment_method: expect.stringMatching(/^pm_1/),
        client_secret: expect.stringMatching(new RegExp(`^${intent.id}_secret_\\w+$`)),
        livemode: false,
        last_payment_error: null
      })
      expect(String(intent.created)).toMatch(/^\d{10}$/)
    }))

  it.scopedLive("8 the bytes say the same: one object, unix seconds, no charge inside", () =>
    Effect.gen(function*() {
      const { raw } = yield* start()
      const paid = yield* Effect.promise(() => raw("POST", "/v1/payment_intents", { body: paymentForm() }))
      expect(paid.status).toBe(200)
      expect(paid.text).toMatch(/^\{"id":"pi_3\w+","object":"payment_intent",/)
      expect(paid.text).toMatch(/"created":\d{10},/)
      expect(paid.text).toMatch(/"latest_charge":"ch_3\w+"/)
      expect(paid.text).not.toContain("pm_card_visa")
    }))

  it.scopedLive("9 retrieve answers the state of now, and expands the charge", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const { id } = yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      yield* Effect.promise(() => stripe.refunds.create({ payment_intent: id, amount: 400 }))
      const intent = yield* Effect.promise(() => stripe.paymentIntents.retrieve(id, { expand: ["latest_charge"] }))
      expect(intent.latest_charge).toMatchObject({
        paid: true,
        captured: true,
        amount: 1000,
        amount_refunded: 400,
        refunded: false,
        payment_intent: id
      })
    }))

  it.scopedLive("10 answers 404 for an intent that nobody made", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      expect(yield* refusal(() => stripe.paymentIntents.retrieve("pi_none"))).toMatchObject({
        type: "StripeInvalidRequestError",
        statusCode: 404,
        code: "resource_missing",
        param: "intent",
        message: "No such payment_intent: 'pi_none'"
      })
    }))

  it.scopedLive("10 answers the same 404 to whoever would confirm, cancel or capture it", () =>
    Effect.gen(function*() {
      const { raw } = yield* start()
      for (const action of ["confirm", "cancel", "capture"]) {
        const answer = yield* Effect.promise(() => raw("POST", `/v1/payment_intents/pi_none/${action}`))
        expect(answer).toMatchObject({
          status: 404,
          json: { error: { code: "resource_missing", param: "intent", message: "No such payment_intent: 'pi_none'" } }
        })
      }
    }))

  it.scopedLive("12 the SDK takes a wrong parameter for an invalid request", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      expect(yield* refusal(() => stripe.paymentIntents.create({ amount: 10.5, currency: "usd" }))).toMatchObject({
        type: "StripeInvalidRequestError",
        statusCode: 400,
        code: "parameter_invalid_integer",
        param: "amount"
      })
    }))

  it.scopedLive("12 refuses missing, malformed and unknown parameters, and methods that may redirect to nowhere", () =>
    Effect.gen(function*() {
      const { control, raw } = yield* start()
      const refused = (body: string) =>
        Effect.map(
          Effect.promise(() => raw("POST", "/v1/payment_intents", { body })),
          ({ json, status }) => ({ status, json })
        )
      const error = (code: string | undefined, param?: string) => ({ status: 400, json: { error: { code, param } } })
      expect(yield* refused("currency=usd")).toMatchObject(error("parameter_missing", "amount"))
      expect(yield* refused("amount=1000")).toMatchObject(error("parameter_missing", "currency"))
      expect(yield* refused("amount=0&currency=usd")).toMatchObject(error("parameter_invalid_integer", "amount"))
      expect(yield* refused("amount=ten&currency=usd")).toMatchObject(error("parameter_invalid_integer", "amount"))
      expect(yield* refused("amount=49&currency=usd")).toMatchObject(error("amount_too_small", "amount"))
      expect(yield* refused("amount=100000000&currency=usd")).toMatchObject(error("amount_too_large", "amount"))
      expect(yield* refused("amount=1000&currency=usd&x[y]=1")).toMatchObject(error("parameter_unknown", "x[y]"))
      const redirecting = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa"
      expect(yield* refused(redirecting)).toMatchObject({
        status: 400,
        json: { error: { message: expect.stringContaining("`return_url`") } }
      })
      for (
        const way of [
          "&return_url=https://shop.example",
          "&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never",
          "&payment_method_types[]=card",
          "&allowed_payment_method_types[]=card"
        ]
      ) {
        expect(yield* refused(redirecting + way)).toMatchObject({ status: 200, json: { status: "succeeded" } })
      }
      const ledger = yield* Effect.promise(() => control("GET", "ledger"))
      expect(ledger.json).toMatchObject({ intents: { length: 4 }, charges: { length: 4 }, refunds: [] })
    }))

  it.scopedLive("13 a decline is a 402 with both objects, leaves an intent to retry and a failed charge", () =>
    Effect.gen(function*() {
      const { raw, stripe } = yield* start()
      const body = paymentForm("&payment_method=pm_card_visa_chargeDeclined")
      const declined = yield* Effect.promise(() => raw("POST", "/v1/payment_intents", { body }))
      expect(declined.status).toBe(402)
      const [{ id = "", latest_charge: chargeId } = {}] = (yield* Effect.promise(() =>
        stripe.paymentIntents.list()
      )).data
      expect(declined.json).toMatchObject({
        error: {
          type: "card_error",
          code: "card_declined",
          decline_code: "generic_decline",
          message: "Your card was declined.",
          charge: chargeId,
          payment_method: { object: "payment_method", card: { brand: "visa" } },
          payment_intent: {
            id,
            status: "requires_payment_method",
            payment_method: null,
            amount_received: 0,
            latest_charge: chargeId,
            last_payment_error: { charge: chargeId, payment_method: { object: "payment_method" } }
          }
        }
      })
      const charge = yield* Effect.promise(() => stripe.charges.retrieve(String(chargeId)))
      expect(charge).toMatchObject({ status: "failed", paid: false, failure_code: "card_declined", payment_intent: id })
    }))

  it.scopedLive("13 the SDK's card error carries the intent and the charge (H54)", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const error = yield* refusal(() => stripe.paymentIntents.create(payment("pm_card_visa_chargeDeclined")))
      const [intent] = (yield* Effect.promise(() => stripe.paymentIntents.list())).data
      expect(error).toMatchObject({
        type: "StripeCardError",
        statusCode: 402,
        charge: intent?.latest_charge,
        payment_intent: intent,
        payment_method: { object: "payment_method", id: intent?.last_payment_error?.payment_method?.id }
      })
    }))

  it.scopedLive("14 each test token is declined for its own reason", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const reasons = [
        ["pm_card_visa_chargeDeclined", "card_declined", "generic_decline"],
        ["pm_card_chargeDeclined", "card_declined", "generic_decline"],
        ["pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"],
        ["pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"],
        ["pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"],
        ["pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"],
        ["pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"],
        ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"],
        ["pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"]
      ]
      for (const [token, code, declineCode] of reasons) {
        expect(yield* refusal(() => stripe.paymentIntents.create(payment(token)))).toMatchObject({
          type: "StripeCardError",
          code,
          decline_code: declineCode
        })
      }
    }))

  it.scopedLive("15 after a decline the same intent can be paid with another card", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      yield* refusal(() => stripe.paymentIntents.create(payment("pm_card_chargeDeclined")))
      const [failed] = (yield* Effect.promise(() => stripe.paymentIntents.list())).data
      const paid = yield* Effect.promise(() =>
        stripe.paymentIntents.confirm(String(failed?.id), { payment_method: "pm_card_mastercard" })
      )
      expect(paid).toMatchObject({ status: "succeeded", last_payment_error: null })
      expect(paid.latest_charge).not.toBe(failed?.latest_charge)
    }))

  it.scopedLive("16 cancels what is open, and keeps when and why", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const open = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      const canceled = yield* Effect.promise(() =>
        stripe.paymentIntents.cancel(open.id, { cancellation_reason: "requested_by_customer" })
      )
      expect(canceled).toMatchObject({ status: "canceled", cancellation_reason: "requested_by_customer" })
      expect(canceled.canceled_at).toBeGreaterThanOrEqual(open.created)
      expect(yield* Effect.promise(() => stripe.paymentIntents.retrieve(open.id))).toMatchObject({
        status: "canceled",
        canceled_at: canceled.canceled_at
      })
    }))

  it.scopedLive("17 refuses to cancel what is paid or canceled, and shows it (H64)", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const paid = yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      const open = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      yield* Effect.promise(() => stripe.paymentIntents.cancel(open.id))
      for (const [id, status] of [[paid.id, "succeeded"], [open.id, "canceled"]]) {
        expect(yield* refusal(() => stripe.paymentIntents.cancel(String(id)))).toMatchObject({
          statusCode: 400,
          code: "payment_intent_unexpected_state",
          payment_intent: { id, status, object: "payment_intent", amount: 1000 },
          message:
            `You cannot cancel this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the ` +
            "following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, " +
            "requires_action, processing."
        })
      }
    }))

  it.scopedLive("18 refuses to confirm what is paid or canceled", () =>
    Effect.gen(function*() {
      const { control, stripe } = yield* start()
      const paid = yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      const open = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      yield* Effect.promise(() => stripe.paymentIntents.cancel(open.id))
      for (const { id } of [open, paid]) {
        expect(yield* refusal(() => stripe.paymentIntents.confirm(id, { payment_method: "pm_card_visa" })))
          .toMatchObject({ statusCode: 400, code: "payment_intent_unexpected_state", payment_intent: { id } })
      }
      expect((yield* Effect.promise(() => control("GET", "ledger"))).json).toMatchObject({ charges: { length: 1 } })
    }))
})
