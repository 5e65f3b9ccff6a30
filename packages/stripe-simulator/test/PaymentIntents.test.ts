import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { apiKey, payment, paymentForm, refusal, start } from "./support/Running.ts"

describe("A. Transport", () => {
  it.scopedLive("1. decodes forms with raw and encoded brackets, plus signs, and answers the currency in lower case", () =>
    Effect.gen(function*() {
      const { raw } = yield* start()
      const body = "amount=1000&currency=USD&metadata[a]=x+y&metadata%5Bb%5D=%C3%A9%26&confirm=True" +
        "&payment_method=pm_card_visa&payment_method_types%5B0%5D=card&expand[0]=latest_charge"
      const created = yield* Effect.promise(() => raw("POST", "/v1/payment_intents", { body }))
      expect(created.status).toBe(200)
      expect(created.json).toMatchObject({
        currency: "usd",
        metadata: { a: "x y", b: "é&" },
        status: "succeeded",
        latest_charge: { object: "charge" }
      })
    }))

  it.scopedLive("1. takes an empty body", () =>
    Effect.gen(function*() {
      const { raw, stripe } = yield* start()
      const { id } = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      const canceled = yield* Effect.promise(() => raw("POST", `/v1/payment_intents/${id}/cancel`))
      expect(canceled.json).toMatchObject({ status: "canceled" })
    }))

  it.scopedLive("2. takes the key as a bearer token or as the user of Basic, and answers 401 to any other", () =>
    Effect.gen(function*() {
      const { raw } = yield* start({ apiKey })
      const get = (authorization: string) =>
        Effect.promise(() => raw("GET", "/v1/payment_intents", { headers: { authorization } }))
      expect((yield* get(`Bearer ${apiKey}`)).status).toBe(200)
      expect((yield* get(`Basic ${Buffer.from(`${apiKey}:`).toString("base64")}`)).status).toBe(200)
      for (const wrong of ["", "Bearer sk_test_other", "Bearer sk_live_Quartet1234"]) {
        const refused = yield* get(wrong)
        expect(refused.status).toBe(401)
        expect(refused.json).toMatchObject({ error: { type: "invalid_request_error" } })
        expect(refused.headers["www-authenticate"]).toBe(`Bearer realm="Stripe"`)
        expect(refused.headers["request-id"]).toBeUndefined()
      }
    }))

  it.scopedLive("3. answers every refusal with an error object in JSON", () =>
    Effect.gen(function*() {
      const { raw } = yield* start()
      for (
        const [method, path] of [["GET", "/v1/nothing"], ["DELETE", "/v1/refunds"], ["GET", "/"], [
          "POST",
          "/v1/charges"
        ]]
      ) {
        const refused = yield* Effect.promise(() => raw(String(method), String(path)))
        expect(refused.status).toBe(404)
        expect(refused.json).toMatchObject({ error: { type: "invalid_request_error", message: expect.any(String) } })
      }
    }))

  it.scopedLive("4. names the request, its key and its version in the headers", () =>
    Effect.gen(function*() {
      const { raw } = yield* start()
      const post = yield* Effect.promise(() =>
        raw("POST", "/v1/payment_intents", {
          body: "amount=1000&currency=usd",
          headers: { "idempotency-key": "k1", "stripe-version": "2026-10-28.endive" }
        })
      )
      expect(post.headers).toMatchObject({
        "content-type": "application/json",
        "idempotency-key": "k1",
        "original-request": post.headers["request-id"],
        "stripe-version": "2026-10-28.endive"
      })
      const unkeyed = yield* Effect.promise(() =>
        raw("POST", "/v1/payment_intents", { body: "amount=1000&currency=usd" })
      )
      expect(unkeyed.headers["idempotency-key"]).toMatch(/.{16,}/)
      expect(unkeyed.headers["request-id"]).toMatch(/^req_\w+$/)
      expect(unkeyed.headers["request-id"]).not.toBe(post.headers["request-id"])
      const get = yield* Effect.promise(() => raw("GET", "/v1/payment_intents"))
      expect(get.headers).not.toHaveProperty("idempotency-key")
      expect(get.headers).not.toHaveProperty("original-request")
    }))

  it.scopedLive("5. advises against repeating what was executed, and says nothing of what was not", () =>
    Effect.gen(function*() {
      const { raw } = yield* start()
      const advice = (body: string) =>
        Effect.promise(() => raw("POST", "/v1/payment_intents", { body })).pipe(
          Effect.map(({ headers, status }) => [status, headers["stripe-should-retry"]])
        )
      expect(yield* advice(paymentForm())).toEqual([200, "false"])
      expect(yield* advice(paymentForm("&payment_method=pm_card_chargeDeclined"))).toEqual([402, "false"])
      expect(yield* advice("currency=usd")).toEqual([400, undefined])
      const missing = yield* Effect.promise(() => raw("GET", "/v1/payment_intents/pi_none"))
      expect([missing.status, missing.headers["stripe-should-retry"]]).toEqual([404, undefined])
    }))

  it.scopedLive("6. builds whole objects without the keys of older versions", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const intent = yield* Effect.promise(() =>
        stripe.paymentIntents.create({ ...payment(), expand: ["latest_charge"] })
      )
      expect(intent).toMatchObject({ review: null, processing: null, transfer_group: null, canceled_at: null })
      expect(intent).not.toHaveProperty("charges")
      expect(intent).not.toHaveProperty("invoice")
      expect(intent.latest_charge).not.toHaveProperty("invoice")
      expect(intent.latest_charge).not.toHaveProperty("destination")
    }))
})

describe("B. PaymentIntents", () => {
  it.scopedLive("7. goes from requires_payment_method over requires_confirmation to succeeded", () =>
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

  it.scopedLive("8. create with confirm answers succeeded, with a fresh payment method and the charge's id", () =>
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

  it.scopedLive("9. retrieve answers the state of now, and expands the charge", () =>
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

  it.scopedLive("10. answers 404 for an intent that nobody made", () =>
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

  it.scopedLive("11. answers 400 for a payment method that nobody made", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      expect(yield* refusal(() => stripe.paymentIntents.create(payment("pm_none")))).toMatchObject({
        statusCode: 400,
        code: "resource_missing",
        param: "payment_method",
        message: expect.stringMatching(/^No such PaymentMethod: 'pm_none'; /)
      })
    }))

  it.scopedLive("12. refuses missing, malformed and unknown parameters, and methods that may redirect to nowhere", () =>
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

  it.scopedLive("13. a decline is a 402 with both objects, leaves an intent to retry and a failed charge", () =>
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

  it.scopedLive("14. each test token is declined for its own reason", () =>
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

  it.scopedLive("15. after a decline the same intent can be paid with another card", () =>
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

  it.scopedLive("16, 17, 18. cancels what is open, keeps the reason, and refuses what is settled", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const open = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      const canceled = yield* Effect.promise(() =>
        stripe.paymentIntents.cancel(open.id, { cancellation_reason: "requested_by_customer" })
      )
      expect(canceled).toMatchObject({ status: "canceled", cancellation_reason: "requested_by_customer" })
      expect(canceled.canceled_at).toBeGreaterThanOrEqual(open.created)
      const paid = yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      expect(yield* refusal(() => stripe.paymentIntents.cancel(paid.id))).toMatchObject({
        statusCode: 400,
        code: "payment_intent_unexpected_state",
        payment_intent: { id: paid.id, status: "succeeded" },
        message:
          "You cannot cancel this PaymentIntent because it has a status of succeeded. Only a PaymentIntent with one of the " +
          "following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, " +
          "requires_action, processing."
      })
      for (const { id } of [canceled, paid]) {
        expect(yield* refusal(() => stripe.paymentIntents.confirm(id, { payment_method: "pm_card_visa" })))
          .toMatchObject({
            statusCode: 400,
            code: "payment_intent_unexpected_state"
          })
      }
    }))
})
