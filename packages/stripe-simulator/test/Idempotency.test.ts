import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { expired, judge, keptSeconds } from "../src/Idempotency.ts"
import { refused } from "../src/WireError.ts"
import { payment, paymentForm, refusal, type Running, start } from "./support/Running.ts"

const post = ({ raw }: Running, key: string, body: string, path = "/v1/payment_intents") =>
  Effect.promise(() => raw("POST", path, { body, headers: { "idempotency-key": key } }))

const chargeCount = ({ control }: Running) =>
  Effect.map(Effect.promise(() => control("GET", "ledger")), ({ text }) => text.split(`"object":"charge"`).length - 1)

describe("D. Idempotency", () => {
  it.scopedLive("21 replays status and bytes, even after the object has changed, and charges once (H47)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const first = yield* post(running, "k", paymentForm("&expand[]=latest_charge"))
      const { data: [intent] } = yield* Effect.promise(() => running.stripe.paymentIntents.list())
      yield* Effect.promise(() => running.stripe.refunds.create({ payment_intent: String(intent?.id) }))
      const second = yield* post(running, "k", paymentForm("&expand[]=latest_charge"))
      expect([second.status, second.text]).toEqual([first.status, first.text])
      expect(second.headers).toMatchObject({
        "idempotent-replayed": "true",
        "original-request": first.headers["request-id"],
        "stripe-should-retry": "false",
        "idempotency-key": "k"
      })
      expect(second.headers["request-id"]).not.toBe(first.headers["request-id"])
      expect(first.headers).not.toHaveProperty("idempotent-replayed")
      expect(yield* chargeCount(running)).toBe(1)
    }))

  it.scopedLive("22 replays declines and refusals by a business rule", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const declined = paymentForm("&payment_method=pm_card_chargeDeclined")
      const first = yield* post(running, "k", declined)
      const second = yield* post(running, "k", declined)
      expect([second.status, second.text]).toEqual([402, first.text])
      expect(yield* chargeCount(running)).toBe(1)
      const { data: [intent] } = yield* Effect.promise(() => running.stripe.paymentIntents.list())
      const refund = `payment_intent=${String(intent?.id)}`
      const refused = yield* post(running, "r", refund, "/v1/refunds")
      expect(refused.status).toBe(400)
      expect((yield* post(running, "r", refund, "/v1/refunds")).headers["idempotent-replayed"]).toBe("true")
    }))

  it.scopedLive("22 replays an error of its own, and the SDK sees the same one again (H50)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "error_after" }))
      const first = yield* post(running, "k", paymentForm())
      const second = yield* post(running, "k", paymentForm())
      expect([first.status, second.status, second.text]).toEqual([500, 500, first.text])
      expect(second.headers["idempotent-replayed"]).toBe("true")
      expect(yield* chargeCount(running)).toBe(1)
    }))

  it.scopedLive("23 refuses the key for other parameters, and still replays the first (H53)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const first = yield* post(running, "k", paymentForm())
      const message =
        "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
        "Try using a key other than 'k' if you meant to execute a different request."
      expect(yield* post(running, "k", paymentForm("&description=x"))).toMatchObject({
        status: 400,
        json: { error: { type: "idempotency_error", message } }
      })
      expect(yield* refusal(() => running.stripe.paymentIntents.create(payment(), { idempotencyKey: "k" })))
        .toMatchObject({ type: "StripeIdempotencyError", statusCode: 400, message })
      expect((yield* post(running, "k", paymentForm())).text).toBe(first.text)
      expect(yield* chargeCount(running)).toBe(1)
    }))

  it.scopedLive("24 refuses the key at another endpoint: create and refund need two (H53)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const first = yield* post(running, "k", paymentForm())
      const elsewhere = yield* post(running, "k", "payment_intent=pi_1", "/v1/refunds")
      expect(elsewhere).toMatchObject({
        status: 400,
        json: {
          error: {
            type: "idempotency_error",
            message: expect.stringContaining("('/v1/refunds' vs '/v1/payment_intents')")
          }
        }
      })
      expect((yield* post(running, "k", paymentForm())).text).toBe(first.text)
    }))

  it.scopedLive("25 answers 409 while the first request runs, and has one effect", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* Effect.promise(() => running.control("POST", "latency", { ms: 300 }))
      const both = yield* Effect.all([post(running, "k", paymentForm()), post(running, "k", paymentForm())], {
        concurrency: 2
      })
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
      expect(both.find(({ status }) => status === 409)?.json).toMatchObject({
        error: { code: "idempotency_key_in_use" }
      })
      expect(yield* chargeCount(running)).toBe(1)
      expect((yield* post(running, "k", paymentForm())).status).toBe(200)
    }))

  it.scopedLive("25 the SDK repeats a 409 under the same key, and else raises it as an API error (H51)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const asking = (maxNetworkRetries: number) =>
        running.client({ maxNetworkRetries }).paymentIntents.create(payment(), { idempotencyKey: "k" })
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "in_use", times: 2 }))
      expect(yield* refusal(() => asking(0))).toMatchObject({
        type: "StripeAPIError",
        statusCode: 409,
        code: "idempotency_key_in_use"
      })
      expect(yield* Effect.promise(() => asking(1))).toMatchObject({ status: "succeeded" })
      expect((yield* Effect.promise(() => running.control("GET", "calls"))).json).toMatchObject({ byKey: { k: 3 } })
      expect(yield* chargeCount(running)).toBe(1)
    }))

  it.scopedLive("26 keeps no refusal by validation: the corrected request runs under the same key", () =>
    Effect.gen(function*() {
      const running = yield* start()
      expect((yield* post(running, "k", "currency=usd")).status).toBe(400)
      expect((yield* post(running, "k", paymentForm("&payment_method=pm_none"))).status).toBe(400)
      const corrected = yield* post(running, "k", paymentForm())
      expect(corrected.status).toBe(200)
      expect(corrected.headers).not.toHaveProperty("idempotent-replayed")
    }))

  it.scopedLive("26 keeps no 401, no 429 and no 409 either", () =>
    Effect.gen(function*() {
      const running = yield* start()
      for (
        const [fault, status] of [["unauthorized", 401], ["rate_limit", 429], ["lock_timeout", 429], ["in_use", 409]]
      ) {
        yield* Effect.promise(() => running.control("POST", "faults", { fault }))
        expect((yield* post(running, "k", paymentForm())).status).toBe(status)
      }
      const done = yield* post(running, "k", paymentForm())
      expect(done.status).toBe(200)
      expect(done.headers).not.toHaveProperty("idempotent-replayed")
    }))

  it.scopedLive("27 takes keys of 255 characters and no longer, and ignores them on GET", () =>
    Effect.gen(function*() {
      const running = yield* start()
      expect((yield* post(running, "k".repeat(255), paymentForm())).status).toBe(200)
      expect((yield* post(running, "k".repeat(256), paymentForm())).status).toBe(400)
      const headers = { "idempotency-key": "k".repeat(255) }
      const list = yield* Effect.promise(() => running.raw("GET", "/v1/payment_intents", { headers }))
      expect(list.status).toBe(200)
    }))

  it("27 forgets a key after a day, not before", () => {
    const asked = { key: "k", path: "/v1/refunds", fingerprint: "f" }
    const first = { ...asked, requestId: "req_1", at: 1000, reply: refused("It is too late.") }
    expect(expired(first, 1000 + keptSeconds - 1)).toBe(false)
    expect(judge(asked, first, undefined, 1000 + keptSeconds - 1)._tag).toBe("Replay")
    expect(judge(asked, first, undefined, 1000 + keptSeconds)._tag).toBe("Run")
  })

  it.scopedLive("28 the SDK's own repeat after a reset gets the replay, not a second charge (H57)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "reset_after" }))
      const intent = yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
      expect(intent.lastResponse.headers["idempotent-replayed"]).toBe("true")
      expect(intent.status).toBe("succeeded")
      expect(yield* chargeCount(running)).toBe(1)
    }))

  it.scopedLive("28 the SDK sends a key of its own with every POST, and the same one when it repeats", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "error_before" }))
      const intent = yield* Effect.promise(() =>
        running.client({ maxNetworkRetries: 1 }).paymentIntents.create(payment())
      )
      const key = intent.lastResponse.headers["idempotency-key"]
      expect(key).toMatch(/^stripe-node-retry-[0-9a-f-]{36}$/)
      expect((yield* Effect.promise(() => running.control("GET", "calls"))).json).toMatchObject({
        byKey: { [String(key)]: 2 }
      })
      expect(yield* chargeCount(running)).toBe(1)
    }))
})
