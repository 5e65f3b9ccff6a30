import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Stripe } from "stripe"
import { apiKey, payment, refusal, start } from "./support/Running.ts"

/** How the SDK, left as it comes, takes so many faults of one kind in a row: what it raises, and how often it asked. */
const taken = (fault: string, times: number) =>
  Effect.gen(function*() {
    const { control, port } = yield* start()
    const stripe = new Stripe(apiKey, { host: "127.0.0.1", port, protocol: "http" })
    yield* Effect.promise(() => control("POST", "faults", { fault, times, delayMs: 0 }))
    const pay = () => stripe.paymentIntents.create(payment(), { idempotencyKey: "k" })
    const raised = yield* Effect.promise(() => pay().then(({ status }) => status, (error: unknown) => error))
    const { json } = yield* Effect.promise(() => control("GET", "calls"))
    return { raised, json }
  })

const asked = (count: number) => ({ byKey: { k: count } })

describe("F. What the SDK makes of it", () => {
  it.scopedLive(
    "34 repeats a 409, a 5xx, a reset and a lock time-out, twice by default, under the same key",
    () =>
      Effect.gen(function*() {
        for (const fault of ["in_use", "error_before", "reset_before", "lock_timeout"]) {
          expect([fault, yield* taken(fault, 2)]).toMatchObject([fault, { raised: "succeeded", json: asked(3) }])
        }
      }),
    20_000
  )

  it.scopedLive("34 repeats no 429 without that header, no other 4xx, and no 5xx that says it is of no use", () =>
    Effect.gen(function*() {
      for (const fault of ["rate_limit", "unauthorized", "forbidden", "error_after"]) {
        const { json, raised } = yield* taken(fault, 2)
        expect([fault, raised]).toMatchObject([fault, { type: expect.stringMatching(/^Stripe/) }])
        expect([fault, json]).toMatchObject([fault, asked(1)])
      }
    }))

  it.scopedLive("34 repeats a call that timed out, and gets the answer to the one that was still under way (H48)", () =>
    Effect.gen(function*() {
      const { client, control } = yield* start()
      yield* Effect.promise(() => control("POST", "faults", { fault: "hang", delayMs: 700 }))
      const hasty = client({ timeout: 300, maxNetworkRetries: 4 })
      expect(yield* Effect.promise(() => hasty.paymentIntents.create(payment(), { idempotencyKey: "k" })))
        .toMatchObject({ status: "succeeded", lastResponse: { headers: { "idempotent-replayed": "true" } } })
      expect((yield* Effect.promise(() => control("GET", "ledger"))).json).toMatchObject({ charges: { length: 1 } })
    }))

  it.scopedLive("34 picks the class by the status, and by nothing else", () =>
    Effect.gen(function*() {
      const { control, stripe } = yield* start()
      const raisedBy = (fault: string, times = 1) =>
        Effect.gen(function*() {
          yield* Effect.promise(() => control("POST", "faults", { fault, times }))
          return yield* refusal(() => stripe.paymentIntents.create(payment()))
        })
      const type = (name: string, statusCode?: number) => ({ type: name, statusCode })
      expect(yield* raisedBy("unauthorized")).toMatchObject(type("StripeAuthenticationError", 401))
      expect(yield* raisedBy("forbidden")).toMatchObject(type("StripePermissionError", 403))
      expect(yield* raisedBy("in_use")).toMatchObject(type("StripeAPIError", 409))
      expect(yield* raisedBy("rate_limit")).toMatchObject(type("StripeRateLimitError", 429))
      expect(yield* raisedBy("error_before")).toMatchObject(type("StripeAPIError", 500))
      expect(yield* raisedBy("non_json")).toMatchObject(type("StripeAPIError"))
      expect(yield* raisedBy("reset_before", 2)).toMatchObject(type("StripeConnectionError"))
      expect(yield* refusal(() => stripe.paymentIntents.retrieve("pi_none"))).toMatchObject(
        type("StripeInvalidRequestError", 404)
      )
      expect(yield* refusal(() => stripe.paymentIntents.create(payment("pm_card_chargeDeclined")))).toMatchObject(
        type("StripeCardError", 402)
      )
    }))
})
