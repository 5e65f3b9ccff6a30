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

const intentId = IntentId.make("pi_1")

const refundOf = (amount: Charge["amount"]) =>
  Refund.make({
    refundId: RefundId.make(v7()),
    cause: "late_payment",
    amount,
    status: "Requested",
    try: 1,
    intentId: Option.some(intentId),
    providerId: Option.none(),
    begunAt: Option.none(),
    settlement: Option.none()
  })

const refunding = Effect.flatMap(Gateway, (gateway) => {
  const { amount, orderId } = freshOrder()
  return gateway.refund(orderId, refundOf(amount), intentId)
})

/** What asks for nothing, or only for a cancellation. */
const asking = Effect.flatMap(Gateway, (gateway) =>
  Effect.all([
    gateway.retrieve(intentId),
    gateway.cancel(intentId, 1),
    gateway.findRefund(refundOf(freshOrder().amount), intentId)
  ]))

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
      ["a card that is no test card, for a key of the test mode (H55)", 402, {
        type: "card_error",
        code: "test_mode_live_card",
        message: "Your card was declined. Your request was in test mode, but used a non test (live) card."
      }],
      ["an object of the other mode (H55)", 400, invalid({ code: "livemode_mismatch" })],
      ["an account that may not charge yet", 400, invalid({ code: "testmode_charges_only" })],
      ["an expired key (H55)", 400, invalid({ code: "platform_api_key_expired" })],
      ["a version of the API that is no more", 400, invalid({ message: "Invalid Stripe API version: 1999-01-01" })],
      ["an address that it does not have", 404, invalid({ message: "Unrecognized request URL (POST: /v1/x)." })],
      ["a status that is about no request in particular", 405, invalid({})],
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

const refusalsOfOne = [
  ["a sum below the least", 400, { code: "amount_too_small", param: "amount" }],
  ["a sum above the most", 400, { code: "amount_too_large", param: "amount" }],
  ["a sum that is none", 400, { code: "parameter_invalid_integer", param: "amount" }],
  ["a currency that the account does not take", 400, { code: "currency_not_supported", param: "currency" }],
  ["a country's rule", 400, { message: "As per Indian regulations, export transactions require a customer name." }],
  ["a missing detail of this customer", 400, { code: "parameter_missing", param: "return_url" }],
  ["an object that is gone", 404, { code: "resource_missing", param: "customer", message: "No such customer" }],
  ["a code of later years", 400, { code: "moon_in_wrong_phase" }],
  ["a text that cannot be processed", 422, {}]
] as const

describe("a provider that refuses one request", () => {
  for (const [name, status, more] of refusalsOfOne) {
    it.scopedLive(`because of ${name} ends that charge or refund, and takes all others`, () =>
      Effect.gen(function*() {
        const provider = yield* scripted
        provider.play(refusing(status, invalid(more)))
        const [charge, refund] = yield* Effect.all([charging, refunding]).pipe(Effect.provide(gatewayAt(provider.port)))
        assert.strictEqual(charge._tag, "ChargeRefused")
        assert.include(charge._tag === "ChargeRefused" && Option.getOrNull(charge.alert), String(status))
        assert.strictEqual(refund._tag, "RefundRefused")
        for (const outcome of [charge, refund]) {
          assert.strictEqual(toldBy("charge", verdictOf(outcome, status), status), "answered")
        }
      }))
  }

  it.scopedLive("because its key belongs to another one does not know the outcome, and takes all others (H53)", () =>
    Effect.gen(function*() {
      const provider = yield* scripted
      provider.play(refusing(400, { type: "idempotency_error", message: "No." }))
      const outcomes = yield* Effect.all([charging, refunding]).pipe(Effect.provide(gatewayAt(provider.port)))
      for (const outcome of outcomes) {
        assert.strictEqual(outcome._tag, "OurFault")
        assert.strictEqual(toldBy("charge", verdictOf(outcome, 400), 400), "answered")
      }
    }))

  it.scopedLive("settles nothing where it was only asked how a charge or a refund is", () =>
    Effect.gen(function*() {
      const provider = yield* scripted
      for (const [status, tag] of [[400, "OurFault"], [404, "NotFound"]] as const) {
        provider.play(refusing(status, invalid({ code: "resource_missing", message: "No such thing" })))
        const outcomes = yield* Effect.provide(asking, gatewayAt(provider.port))
        for (const outcome of outcomes) {
          assert.strictEqual(outcome._tag, tag)
          assert.strictEqual(toldBy("retrieve", verdictOf(outcome, status), status), "answered")
        }
      }
    }))
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
        assert.deepStrictEqual(outcome, ChargeRefused({ reason: "invalid_payment_method", alert: Option.none() }))
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
