import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { expired, judge, keptSeconds } from "../src/Idempotency.ts"
import { refused } from "../src/WireError.ts"
import { payment, paymentForm, type Running, start } from "./support/Running.ts"

const post = ({ raw }: Running, key: string, body: string, path = "/v1/payment_intents") =>
  Effect.promise(() => raw("POST", path, { body, headers: { "idempotency-key": key } }))

const chargeCount = ({ control }: Running) =>
  Effect.map(Effect.promise(() => control("GET", "ledger")), ({ text }) => text.split(`"object":"charge"`).length - 1)

describe("D. Idempotency", () => {
  it.scopedLive("21. replays status and bytes, even after the object has changed, and charges once (H47)", () =>
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

  it.scopedLive("22. replays declines and refusals by a business rule", () =>
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

  it.scopedLive("23, 24. refuses the key for other parameters or another endpoint, and still replays the first", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const first = yield* post(running, "k", paymentForm())
      const other = yield* post(running, "k", paymentForm("&description=x"))
      expect(other).toMatchObject({
        status: 400,
        json: {
          error: {
            type: "idempotency_error",
            message:
              "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
              "Try using a key other than 'k' if you meant to execute a different request."
          }
        }
      })
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

  it.scopedLive("25. answers 409 while the first request runs, and has one effect", () =>
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

  it.scopedLive("26. keeps no refusal by validation: the corrected request runs under the same key", () =>
    Effect.gen(function*() {
      const running = yield* start()
      expect((yield* post(running, "k", "currency=usd")).status).toBe(400)
      expect((yield* post(running, "k", paymentForm("&payment_method=pm_none"))).status).toBe(400)
      const corrected = yield* post(running, "k", paymentForm())
      expect(corrected.status).toBe(200)
      expect(corrected.headers).not.toHaveProperty("idempotent-replayed")
    }))

  it.scopedLive("27. takes keys of 255 characters and no longer, and ignores them on GET", () =>
    Effect.gen(function*() {
      const running = yield* start()
      expect((yield* post(running, "k".repeat(255), paymentForm())).status).toBe(200)
      expect((yield* post(running, "k".repeat(256), paymentForm())).status).toBe(400)
      const headers = { "idempotency-key": "k".repeat(255) }
      const list = yield* Effect.promise(() => running.raw("GET", "/v1/payment_intents", { headers }))
      expect(list.status).toBe(200)
    }))

  it("27. forgets a key after a day, not before", () => {
    const asked = { key: "k", path: "/v1/refunds", fingerprint: "f" }
    const first = { ...asked, requestId: "req_1", at: 1000, reply: refused("It is too late.") }
    expect(expired(first, 1000 + keptSeconds - 1)).toBe(false)
    expect(judge(asked, first, undefined, 1000 + keptSeconds - 1)._tag).toBe("Replay")
    expect(judge(asked, first, undefined, 1000 + keptSeconds)._tag).toBe("Run")
  })

  it.scopedLive("28. the SDK's own repeat after a reset gets the replay, not a second charge (H57)", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "reset_after" }))
      const intent = yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
      expect(intent.lastResponse.headers["idempotent-replayed"]).toBe("true")
      expect(intent.status).toBe("succeeded")
      expect(yield* chargeCount(running)).toBe(1)
    }))
})
