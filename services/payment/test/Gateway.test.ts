import { FetchHttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { OrderId, RefundId } from "@quartet/contracts/Ids"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { ConfigProvider, Duration, Effect, Layer, Option, Redacted } from "effect"
import { v7 } from "uuid"
import { Charge } from "../src/domain/Charge.ts"
import { IntentId } from "../src/domain/Intent.ts"
import { Refund } from "../src/domain/Refund.ts"
import * as Gateway from "../src/Gateway.ts"
import { freshOrder, inject, provider } from "./support.ts"

const Provider = Simulator.layer({
  port: 0,
  host: "127.0.0.1",
  apiKey: Option.some(Redacted.make("sk_test_right")),
  webhookUrl: Option.none(),
  webhookSecret: Redacted.make("whsec_x"),
  dataFolder: Option.none()
})

const talking = (apiKey: string) =>
  Layer.unwrapEffect(
    Effect.map(Simulator.Simulator, ({ port }) =>
      Gateway.layer.pipe(Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(
        new Map([
          ["STRIPE_API_KEY", apiKey],
          ["STRIPE_API_BASE", `http://127.0.0.1:${port}`],
          ["STRIPE_DEADLINE", "2 seconds"]
        ])
      )))))
  )

const Talking = talking("sk_test_right").pipe(
  Layer.provideMerge(Provider),
  Layer.provideMerge(FetchHttpClient.layer)
)

const chargeOf = (method?: string) => {
  const { amount, orderId, request } = freshOrder(method)
  const charge = Charge.make({
    ...request,
    amount,
    idempotencyKey: `charge:${orderId}:1`,
    apiVersion: Gateway.apiVersion
  })
  return { orderId, charge }
}

const refundOf = (money: Charge["amount"], intentId: IntentId) =>
  Refund.make({
    refundId: RefundId.make(v7()),
    cause: "late_payment",
    amount: money,
    status: "Requested",
    try: 1,
    intentId: Option.some(intentId),
    providerId: Option.none(),
    begunAt: Option.none(),
    settlement: Option.none()
  })

layer(Talking, { excludeTestServices: true, timeout: 30_000 })("the gateway, through the SDK", (it) => {
  it.effect("answers the same charge to the same key, however often it is asked for (H47)", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge, orderId } = chargeOf()
      const first = yield* gateway.charge(orderId, charge)
      assert.strictEqual(first._tag, "IntentAnswer")
      assert.deepStrictEqual(yield* gateway.charge(orderId, charge), first)
      assert.deepStrictEqual(yield* gateway.find(orderId, charge), first)
    }))

  it.effect("takes a key used for two charges for our own fault (H53)", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge, orderId } = chargeOf()
      yield* gateway.charge(orderId, charge)
      const other = Charge.make({ ...charge, amount: { ...charge.amount, amount: 1 + charge.amount.amount } })
      assert.strictEqual((yield* gateway.charge(orderId, other))._tag, "OurFault")
    }))

  it.effect("takes a wrong API key for our own fault (H55)", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge, orderId } = chargeOf()
      const outcome = yield* gateway.charge(orderId, charge)
      assert.strictEqual(outcome._tag, "OurFault")
    }).pipe(Effect.provide(talking("sk_test_wrong"))))

  it.effect("ends at the deadline, whatever the provider does, and does not know the outcome (H57, H58)", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge, orderId } = chargeOf()
      yield* inject("hang", "/v1/payment_intents", { times: 2, delayMs: 4000 })
      const [lasted, outcome] = yield* Effect.timed(gateway.charge(orderId, charge))
      assert.strictEqual(outcome._tag, "Unknown")
      assert.isBelow(Duration.toMillis(lasted), 2900)
      yield* provider("DELETE", "faults")
    }))

  for (const fault of ["error_before", "reset_before", "non_json", "in_use", "rate_limit"]) {
    it.effect(`does not know the outcome of ${fault} (H48, H50, H51, H52, H56)`, () =>
      Effect.gen(function*() {
        const gateway = yield* Gateway.Gateway
        const { charge, orderId } = chargeOf()
        yield* inject(fault, "/v1/payment_intents", { times: 2 })
        const outcome = yield* gateway.charge(orderId, charge)
        yield* provider("DELETE", "faults")
        assert.strictEqual(outcome._tag, "Unknown")
      }))
  }

  it.effect("shows the intent as it is when it is too late to cancel (H64)", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge, orderId } = chargeOf()
      const paid = yield* gateway.charge(orderId, charge)
      const outcome = paid._tag === "IntentAnswer" ? yield* gateway.cancel(paid.intent.id, 1) : paid
      assert.strictEqual(outcome._tag === "IntentAnswer" && outcome.intent.status, "succeeded")
    }))

  it.effect("finds nothing, and says so", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge } = chargeOf()
      assert.strictEqual((yield* gateway.find(OrderId.make(v7()), charge))._tag, "NotFound")
    }))

  it.effect("refunds once, finds it again, and tells when all had gone back before (H65, H67)", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge, orderId } = chargeOf()
      const paid = yield* gateway.charge(orderId, charge)
      const intentId = paid._tag === "IntentAnswer" ? paid.intent.id : IntentId.make("none")
      const refund = refundOf(charge.amount, intentId)
      assert.strictEqual((yield* gateway.findRefund(refund, intentId))._tag, "NotFound")
      const first = yield* gateway.refund(orderId, refund, intentId)
      assert.strictEqual(first._tag, "RefundAnswer")
      assert.deepStrictEqual(yield* gateway.refund(orderId, refund, intentId), first)
      assert.deepStrictEqual(yield* gateway.findRefund(refund, intentId), first)
      const other = Refund.make({ ...refund, cause: "stock_lost" })
      assert.strictEqual((yield* gateway.refund(orderId, other, intentId))._tag, "AlreadyRefunded")
    }))

  it.effect("is told when the provider refuses a refund for good", () =>
    Effect.gen(function*() {
      const gateway = yield* Gateway.Gateway
      const { charge, orderId } = chargeOf()
      const paid = yield* gateway.charge(orderId, charge)
      const intentId = paid._tag === "IntentAnswer" ? paid.intent.id : IntentId.make("none")
      const tooMuch = refundOf({ ...charge.amount, amount: charge.amount.amount + 1 }, intentId)
      assert.deepStrictEqual(yield* gateway.refund(orderId, tooMuch, intentId), {
        _tag: "RefundRefused",
        reason: "amount"
      })
    }))
})
