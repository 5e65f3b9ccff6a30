import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { payment, paymentForm, refusal, type Running, start } from "./support/Running.ts"

const failing = (fault: string, more: object = {}) =>
  Effect.gen(function*() {
    const running = yield* start()
    yield* Effect.promise(() => running.control("POST", "faults", { fault, ...more }))
    return running
  })

const create = ({ stripe }: Running, idempotencyKey = "k") =>
  stripe.paymentIntents.create(payment(), { idempotencyKey })

const charges = ({ control }: Running) =>
  Effect.map(Effect.promise(() => control("GET", "ledger")), ({ text }) => text.split(`"object":"charge"`).length - 1)

describe("F. Faults", () => {
  it.scopedLive("35 an error before the charge is forgotten: the same key runs", () =>
    Effect.gen(function*() {
      const running = yield* failing("error_before")
      expect(yield* refusal(() => create(running))).toMatchObject({ type: "StripeAPIError", statusCode: 500 })
      expect(yield* charges(running)).toBe(0)
      expect(yield* Effect.promise(() => create(running))).toMatchObject({ status: "succeeded" })
    }))

  it.scopedLive("35 an error after the charge is replayed under its key, and the charge exists (H50)", () =>
    Effect.gen(function*() {
      const running = yield* failing("error_after")
      expect(yield* refusal(() => create(running))).toMatchObject({ type: "StripeAPIError", statusCode: 500 })
      expect(yield* refusal(() => create(running))).toMatchObject({
        statusCode: 500,
        headers: { "idempotent-replayed": "true", "stripe-should-retry": "false" }
      })
      expect(yield* charges(running)).toBe(1)
    }))

  it.scopedLive("35 a reset before the charge, and the SDK's repeat runs", () =>
    Effect.gen(function*() {
      const running = yield* failing("reset_before")
      expect(yield* Effect.promise(() => create(running))).toMatchObject({ status: "succeeded" })
      expect(yield* charges(running)).toBe(1)
    }))

  it.scopedLive("35 two resets after the charge fail the call, and the charge is found by asking again (H47)", () =>
    Effect.gen(function*() {
      const running = yield* failing("reset_after", { times: 2 })
      expect(yield* refusal(() => create(running))).toMatchObject({ type: "StripeConnectionError" })
      expect(yield* Effect.promise(() => create(running))).toMatchObject({ status: "succeeded" })
      expect(yield* charges(running)).toBe(1)
    }))

  it.scopedLive("35 a call that times out may succeed later (H48)", () =>
    Effect.gen(function*() {
      const running = yield* failing("hang", { delayMs: 700 })
      const hasty = running.client({ timeout: 200 })
      expect(yield* refusal(() => create({ ...running, stripe: hasty }))).toMatchObject({
        type: "StripeConnectionError"
      })
      expect(yield* refusal(() => create(running))).toMatchObject({ statusCode: 409, code: "idempotency_key_in_use" })
      yield* Effect.repeat(charges(running), { until: (count) => count === 1 })
      expect(yield* Effect.promise(() => create(running))).toMatchObject({ status: "succeeded" })
    }))

  it.scopedLive("34 a rate limit is not repeated by the SDK, a lock time-out is (H52)", () =>
    Effect.gen(function*() {
      const running = yield* failing("rate_limit")
      const asking = { ...running, stripe: running.client({ maxNetworkRetries: 1 }) }
      expect(yield* refusal(() => create(asking))).toMatchObject({ type: "StripeRateLimitError", statusCode: 429 })
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "lock_timeout" }))
      expect(yield* Effect.promise(() => create(asking))).toMatchObject({ status: "succeeded" })
    }))

  it.scopedLive("35 a body that is not JSON, and a key said to be in use", () =>
    Effect.gen(function*() {
      const running = yield* failing("non_json")
      expect(yield* refusal(() => create(running))).toMatchObject({
        type: "StripeAPIError",
        message: "Invalid JSON received from the Stripe API"
      })
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "in_use" }))
      expect(yield* refusal(() => create(running))).toMatchObject({ type: "StripeAPIError", statusCode: 409 })
      expect(yield* charges(running)).toBe(0)
    }))

  it.scopedLive("35 hits only the calls that match, so many times, and counts them", () =>
    Effect.gen(function*() {
      const match = { method: "POST", path: "/v1/payment_intents/*/cancel" }
      const running = yield* failing("error_before", { match, times: 2 })
      const { id } = yield* Effect.promise(() => create(running))
      yield* refusal(() => running.stripe.paymentIntents.cancel(id))
      const status = (yield* Effect.promise(() => running.control("GET", "faults"))).json
      expect(status).toMatchObject({
        injected: 1,
        byFault: { error_before: 1 },
        faults: [{ match, fault: "error_before", times: 1 }]
      })
      const cleared = (yield* Effect.promise(() => running.control("DELETE", "faults"))).json
      expect(cleared).toMatchObject({ injected: 1, faults: [] })
      expect(yield* refusal(() => running.stripe.paymentIntents.cancel(id))).toMatchObject({ statusCode: 400 })
    }))

  it.scopedLive("refuses a fault that it does not know", () =>
    Effect.gen(function*() {
      const { control } = yield* start()
      expect((yield* Effect.promise(() => control("POST", "faults", { fault: "flood" }))).status).toBe(400)
      expect((yield* Effect.promise(() => control("POST", "faults", { fault: "hang", tims: 2 }))).status).toBe(400)
    }))

  it.scopedLive("a caller who hangs up does not undo the charge (H10)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* Effect.promise(() => running.control("POST", "latency", { ms: 200 }))
      const lost = new AbortController()
      const call = refusal(() =>
        running.raw("POST", "/v1/payment_intents", { body: paymentForm(), signal: lost.signal })
      )
      yield* Effect.all([call, Effect.sync(() => lost.abort()).pipe(Effect.delay(100))], { concurrency: 2 })
      yield* Effect.repeat(charges(running), { until: (count) => count === 1 })
      expect(yield* charges(running)).toBe(1)
    }))
})
