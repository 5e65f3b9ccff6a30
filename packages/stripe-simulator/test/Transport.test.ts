import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { apiKey, payment, paymentForm, refusal, start } from "./support/Running.ts"

describe("A. Transport", () => {
  it.scopedLive("1 decodes forms with raw and encoded brackets, plus signs, and answers the currency in lower case", () =>
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

  it.scopedLive("1 keeps what the SDK sends, whatever characters are in it", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      const metadata = { "a b": "x+y&z=%20", note: "é ☕ \"[0]\"", order: "7" }
      const { id } = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), metadata }))
      expect((yield* Effect.promise(() => stripe.paymentIntents.retrieve(id))).metadata).toEqual(metadata)
    }))

  it.scopedLive("1 takes an empty body", () =>
    Effect.gen(function*() {
      const { raw, stripe } = yield* start()
      const { id } = yield* Effect.promise(() => stripe.paymentIntents.create({ ...payment(), confirm: false }))
      const canceled = yield* Effect.promise(() => raw("POST", `/v1/payment_intents/${id}/cancel`))
      expect(canceled.json).toMatchObject({ status: "canceled" })
    }))

  it.scopedLive("2 takes the key as a bearer token or as the user of Basic, and answers 401 to any other", () =>
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

  it.scopedLive("2 without a key of its own it takes every secret one for tests, and none of another mode (H55)", () =>
    Effect.gen(function*() {
      const { raw } = yield* start()
      const get = (key: string) =>
        Effect.promise(() => raw("GET", "/v1/payment_intents", { headers: { authorization: `Bearer ${key}` } }))
      expect((yield* get("sk_test_whatever")).status).toBe(200)
      expect((yield* get("rk_test_whatever")).status).toBe(200)
      for (const wrong of ["sk_live_whatever", "pk_test_whatever", "whatever"]) {
        expect([wrong, (yield* get(wrong)).status]).toEqual([wrong, 401])
      }
    }))

  it.scopedLive("2 the SDK takes a wrong key for what it is (H55)", () =>
    Effect.gen(function*() {
      const { client } = yield* start({ apiKey: "sk_test_another" })
      expect(yield* refusal(() => client().paymentIntents.list())).toMatchObject({
        type: "StripeAuthenticationError",
        statusCode: 401,
        message: expect.stringMatching(/^Invalid API Key provided: sk_test_\*+1234$/)
      })
    }))

  it.scopedLive("3 answers every refusal with an error object in JSON", () =>
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

  it.scopedLive("3 the SDK never takes a refusal for a success", () =>
    Effect.gen(function*() {
      const { raw, stripe } = yield* start()
      const long = yield* Effect.promise(() =>
        raw("POST", "/v1/payment_intents", { body: `description=${"x".repeat(1 << 20)}` })
      )
      expect(long).toMatchObject({ status: 413, json: { error: { message: expect.any(String) } } })
      for (
        const call of [
          () => stripe.refunds.retrieve("re_none"),
          () => stripe.paymentIntents.list({ limit: 1000 }),
          () => stripe.paymentIntents.search({ query: "nonsense" }),
          () => stripe.charges.list()
        ]
      ) {
        expect(yield* refusal(call)).toMatchObject({ type: "StripeInvalidRequestError", message: expect.any(String) })
      }
      expect(yield* refusal(() => stripe.paymentIntents.create({ amount: 0, currency: "usd" }))).toMatchObject({
        doc_url: expect.stringContaining("parameter-invalid-integer"),
        param: "amount"
      })
    }))

  it.scopedLive("4 names the request, its key and its version in the headers", () =>
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

  it.scopedLive("5 advises against repeating what was executed, and says nothing of what was not", () =>
    Effect.gen(function*() {
      const { control, raw, stripe } = yield* start()
      const advice = (body: string) =>
        Effect.promise(() => raw("POST", "/v1/payment_intents", { body })).pipe(
          Effect.map(({ headers, status }) => [status, headers["stripe-should-retry"]])
        )
      expect(yield* advice(paymentForm())).toEqual([200, "false"])
      expect(yield* advice(paymentForm("&payment_method=pm_card_chargeDeclined"))).toEqual([402, "false"])
      expect(yield* advice("currency=usd")).toEqual([400, undefined])
      const missing = yield* Effect.promise(() => raw("GET", "/v1/payment_intents/pi_none"))
      expect([missing.status, missing.headers["stripe-should-retry"]]).toEqual([404, undefined])
      const paid = yield* Effect.promise(() => stripe.paymentIntents.create(payment()))
      const settled = yield* Effect.promise(() => raw("POST", `/v1/payment_intents/${paid.id}/cancel`))
      expect([settled.status, settled.headers["stripe-should-retry"]]).toEqual([400, "false"])
      const read = yield* Effect.promise(() => raw("GET", `/v1/payment_intents/${paid.id}`))
      expect([read.status, read.headers["stripe-should-retry"]]).toEqual([200, undefined])
      yield* Effect.promise(() => control("POST", "faults", { fault: "lock_timeout" }))
      expect(yield* advice(paymentForm())).toEqual([429, "true"])
    }))
})
