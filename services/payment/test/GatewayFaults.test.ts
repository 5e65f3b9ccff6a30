import { assert, describe, it } from "@effect/vitest"
import { RefundId } from "@quartet/contracts/Ids"
import { Duration, Effect, Option } from "effect"
import { v7 } from "uuid"
import { toldBy, verdictOf } from "../src/CallReport.ts"
import { Charge } from "../src/domain/Charge.ts"
import { IntentId } from "../src/domain/Intent.ts"
import { Refund } from "../src/domain/Refund.ts"
import { apiVersion, Gateway } from "../src/Gateway.ts"
import { ChargeRefused } from "../src/Outcome.ts"
import { gatewayAt, refusing, resetting, scripted, stalling } from "./Scripted.ts"
import { freshOrder } from "./support.ts"

const chargingIn = Effect.fnUntraced(function*(version: string) {
  const { amount, orderId, request } = freshOrder()
  const charge = Charge.make({ ...request, amount, idempotencyKey: `charge:${orderId}:1`, apiVersion: version })
  return yield* Effect.flatMap(Gateway, (gateway) => gateway.charge(orderId, charge))
})

const charging = chargingIn(apiVersion)

const refunding = Effect.gen(function*() {
  const { amount, orderId } = freshOrder()
  const intentId = IntentId.make("pi_1")
  const refund = Refund.make({
    refundId: RefundId.make(v7()),
    cause: "late_payment",
    amount,
    status: "Requested",
    try: 1,
    intentId: Option.some(intentId),
    providerId: Option.none(),
    begunAt: Option.none()
  })
  return yield* Effect.flatMap(Gateway, (gateway) => gateway.refund(orderId, refund, intentId))
})

const invalid = (more: object) => ({ type: "invalid_request_error", message: "No.", ...more })

describe("a provider that refuses us", () => {
  for (
    const [name, status, error] of [
      ["a wrong key (H55)", 401, invalid({})],
      ["a key without the right to charge (H55)", 403, invalid({})],
      [
        "a live key for a card of the test mode (H55)",
        400,
        invalid({
          code: "resource_missing",
          param: "payment_method",
          message: "No such PaymentMethod: 'pm_1'; a similar object exists in test mode, but a live mode key was used."
        })
      ],
      ["a key used for another request (H53)", 400, { type: "idempotency_error", message: "No." }],
      ["a parameter that it does not know", 400, invalid({ code: "parameter_unknown", param: "x" })]
    ] as const
  ) {
    it.scopedLive(`because of ${name} makes it our own fault, and no word on the customer`, () =>
      Effect.gen(function*() {
        const provider = yield* scripted
        provider.play(refusing(status, error))
        const [charge, refund] = yield* Effect.all([charging, refunding]).pipe(Effect.provide(gatewayAt(provider.port)))
        assert.strictEqual(charge._tag, "OurFault")
        assert.strictEqual(refund._tag, "OurFault")
        assert.strictEqual(provider.keys.length, 2)
        assert.include(["unauthorized", "our_fault"], verdictOf(charge, status))
      }))
  }
})

/** As whoever pays can bring them about by what they send, whatever the key of ours. */
const methodsOfNoUse = [
  ["is published for tests (H55)", {
    code: "resource_missing",
    param: "payment_method",
    message:
      "No such PaymentMethod: 'pm_card_visa'; a similar object exists in test mode, but a live mode key was used to "
      + "make this request."
  }],
  ["is published for tests by another name (H55)", {
    code: "resource_missing",
    param: "payment_method",
    message:
      "No such PaymentMethod: 'tok_visa'; a similar object exists in test mode, but a live mode key was used to make "
      + "this request."
  }],
  ["was used up by another payment", {
    message:
      "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
      + "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a "
      + "PaymentMethod multiple times, you must attach it to a Customer first."
  }],
  ["belongs to somebody's account (H194)", {
    code: "parameter_missing",
    param: "source",
    message:
      "The `payment_method` parameter supplied pm_1 belongs to the Customer cus_1. Please include the Customer in the "
      + "`customer` parameter on the PaymentIntent."
  }]
] as const

describe("a payment method", () => {
  for (const [name, error] of methodsOfNoUse) {
    it.scopedLive(`that ${name} is invalid, and no fault of ours`, () =>
      Effect.gen(function*() {
        const provider = yield* scripted
        provider.play(refusing(400, invalid(error)))
        const outcome = yield* Effect.provide(charging, gatewayAt(provider.port))
        assert.deepStrictEqual(outcome, ChargeRefused({ reason: "invalid_payment_method" }))
      }))
  }
})

describe("a charge that was written down by an earlier release", () => {
  it.scopedLive("is asked for in the version of that release, since another would make it another request (H53)", () =>
    Effect.gen(function*() {
      const provider = yield* scripted
      const ask = Effect.all([chargingIn("2025-09-30.clover"), charging])
      yield* Effect.provide(ask, gatewayAt(provider.port))
      assert.deepStrictEqual([...new Set(provider.versions)], ["2025-09-30.clover", apiVersion])
    }))
})

describe("what the breaker is told", () => {
  it("is that the provider refuses us when nobody may charge, and is there when it says no to one request (H55)", () => {
    assert.strictEqual(toldBy("retrieve", "unauthorized", 401), "refused")
    assert.strictEqual(toldBy("charge", "unauthorized", 403), "refused")
    assert.strictEqual(toldBy("find", "unauthorized", 403), "faulted")
    assert.strictEqual(toldBy("charge", "declined", 402), "answered")
    assert.strictEqual(toldBy("charge", "in_use", 409), "answered")
    assert.strictEqual(toldBy("charge", "rate_limited", 429), "outage")
    assert.strictEqual(toldBy("charge", "none", 0), "outage")
  })
})

describe("a connection", () => {
  it.scopedLive("that is refused leaves the outcome unknown, though nothing was sent (H56)", () =>
    Effect.gen(function*() {
      const port = yield* Effect.scoped(Effect.map(scripted, (provider) => provider.port))
      const outcome = yield* Effect.provide(charging, gatewayAt(port))
      assert.strictEqual(outcome._tag, "Unknown")
    }))

  it.scopedLive("that is reset after sending is one request more of the SDK's own, under the same key (H56, H57, H71)", () =>
    Effect.gen(function*() {
      const provider = yield* scripted
      provider.play(resetting)
      const outcome = yield* Effect.provide(charging, gatewayAt(provider.port))
      assert.strictEqual(outcome._tag, "Unknown")
      assert.strictEqual(provider.keys.length, 2)
      assert.strictEqual(new Set(provider.keys).size, 1)
      assert.match(provider.keys[0] ?? "", /^charge:/)
    }))

  it.scopedLive("that answers with an error is not asked again by the SDK: the timers do that (H57, H71)", () =>
    Effect.gen(function*() {
      const provider = yield* scripted
      for (const status of [409, 429, 500, 503]) {
        provider.play(refusing(status, { type: "api_error", message: "No." }))
        const before = provider.keys.length
        const outcome = yield* Effect.provide(charging, gatewayAt(provider.port))
        assert.strictEqual(outcome._tag, "Unknown", `${status}`)
        assert.strictEqual(provider.keys.length - before, 1, `${status}`)
      }
    }))

  it.scopedLive("that stalls after its headers is given up at the deadline, and the outcome is unknown (H58)", () =>
    Effect.gen(function*() {
      const provider = yield* scripted
      provider.play(stalling)
      const [lasted, outcome] = yield* Effect.timed(charging).pipe(Effect.provide(gatewayAt(provider.port)))
      assert.isAbove(provider.keys.length, 0)
      assert.strictEqual(outcome._tag, "Unknown")
      assert.isBelow(Duration.toMillis(lasted), 3000)
    }))
})
