import type { OrderId } from "@quartet/contracts/Ids"
import * as Settings from "@quartet/hosting/Settings"
import { Config, ConfigError, Context, Duration, Effect, Either, Layer, Option, Redacted } from "effect"
import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import Stripe from "stripe"
import type { Operation, Report } from "./CallReport.ts"
import { makeReport, statusOf } from "./CallReport.ts"
import type { Charge } from "./domain/Charge.ts"
import type { IntentId } from "./domain/Intent.ts"
import type { Refund } from "./domain/Refund.ts"
import { keyOf } from "./domain/Refund.ts"
import type { ChargeOutcome, RefundOutcome } from "./Outcome.ts"
import { Unknown } from "./Outcome.ts"
import {
  foundIntent,
  foundRefund,
  ofChargeError,
  ofIntent,
  ofIntentError,
  ofRefund,
  ofRefundError,
  ofRefundListError
} from "./StripeAnswer.ts"
import { callsInFlight } from "./Throttle.ts"

/**
 * The payment provider. Nothing here fails: what cannot be told is an outcome as well. Every call ends within the
 * deadline, every POST carries its own idempotency key, and asking again with the same arguments has no second effect.
 */
export class Gateway extends Context.Tag("@quartet/payment/Gateway")<Gateway, {
  /** Creates and confirms the intent, exactly as it was written down. */
  readonly charge: (orderId: OrderId, charge: Charge) => Effect.Effect<ChargeOutcome>
  /** The intent as it is now. */
  readonly retrieve: (intentId: IntentId) => Effect.Effect<ChargeOutcome>
  /** The intent of a charge whose id was never learned. The provider's index may lag behind by a minute. */
  readonly find: (orderId: OrderId, charge: Charge) => Effect.Effect<ChargeOutcome>
  /** Cancels an open intent; `asked` makes each question one of its own, since cancelling twice is harmless. */
  readonly cancel: (intentId: IntentId, asked: number) => Effect.Effect<ChargeOutcome>
  /** Gives money of the intent back. */
  readonly refund: (orderId: OrderId, refund: Refund, intentId: IntentId) => Effect.Effect<RefundOutcome>
  /** The provider's record of one of our refunds. */
  readonly findRefund: (refund: Refund, intentId: IntentId) => Effect.Effect<RefundOutcome>
}>() {}

/** The version of the API that this release of the SDK speaks. */
export const apiVersion: string = Stripe.API_VERSION

const stripeItself = new URL("https://api.stripe.com")
const simulator = new URL("http://127.0.0.1:12111")

/**
 * With a key of the operator's it is Stripe that is asked; without one the simulator, with a key that only it takes, and
 * not in production. `STRIPE_DEADLINE` is how long one call may take with its repetitions.
 */
export const connection = Config.all({
  apiKey: Config.option(Config.redacted(Settings.credential("STRIPE_API_KEY"))),
  apiBase: Config.option(Settings.httpUrl("STRIPE_API_BASE")),
  // A question of two calls, with its waiting, ends before its message is taken for lost, which is after a minute (H57).
  deadline: Settings.time("STRIPE_DEADLINE", "20 seconds", {
    longest: Duration.seconds(25),
    described: "25 seconds, such as \"20 seconds\""
  }),
  isProduction: Settings.isProduction
}).pipe(
  Config.mapOrFail(({ apiBase, apiKey, deadline, isProduction }) =>
    Option.isNone(apiKey) && isProduction
      ? Either.left(ConfigError.MissingData(["STRIPE_API_KEY"], "Set it to a key of the provider's"))
      : Either.right({
        deadline,
        apiKey: Option.getOrElse(apiKey, () => Redacted.make("sk_test_quartet")),
        apiBase: Option.getOrElse(apiBase, () => Option.isSome(apiKey) ? stripeItself : simulator)
      })
  )
)

/** The durable timers repeat, and nothing below them does: else tries would multiply (H71). */
const maxNetworkRetries = 0

/** The SDK, speaking to whoever the settings say, until the scope closes. */
export const makeStripe = Effect.gen(function*() {
  const { apiBase, apiKey, deadline } = yield* connection
  const isPlain = apiBase.protocol === "http:"
  // A call that waits for a connection would use up its deadline.
  const options = { keepAlive: true, maxSockets: yield* callsInFlight }
  const httpAgent = yield* Effect.acquireRelease(
    Effect.sync(() => isPlain ? new HttpAgent(options) : new HttpsAgent(options)),
    (agent) => Effect.sync(() => agent.destroy())
  )
  const stripe = new Stripe(Redacted.value(apiKey), {
    protocol: isPlain ? "http" : "https",
    host: apiBase.hostname,
    port: apiBase.port === "" ? (isPlain ? 80 : 443) : apiBase.port,
    httpAgent,
    maxNetworkRetries,
    // The SDK repeats a call whose connection broke off, whatever it is told; both tries fit into the deadline (H57).
    timeout: Math.ceil(Duration.toMillis(deadline) * 0.45),
    telemetry: false
  })
  return { stripe, deadline, livemode: livemodeOf(Redacted.value(apiKey)) }
})

/** The mode that a key is of, by its own name. */
const livemodeOf = (apiKey: string): Option.Option<boolean> => {
  const [, mode] = /^[a-z]+_(test|live)_/.exec(apiKey) ?? []
  return mode === undefined ? Option.none() : Option.some(mode === "live")
}

/** Runs one call of the SDK to its end or to the deadline, whichever is first, and tells what it was. */
const makeCall = (deadline: Duration.Duration, report: Report) =>
<A, Outcome extends ChargeOutcome | RefundOutcome>(
  operation: Operation,
  run: () => Promise<A>,
  read: (answer: A) => Outcome | Unknown,
  readError: (error: unknown) => Outcome | Unknown
): Effect.Effect<Outcome | Unknown> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => ({ outcome: readError(error), status: statusOf(error) })
  }).pipe(
    Effect.match({ onFailure: (failed) => failed, onSuccess: (answer) => ({ outcome: read(answer), status: 200 }) }),
    Effect.timeoutTo({
      duration: deadline,
      onSuccess: (ended) => ended,
      onTimeout: () => ({ outcome: Unknown({ why: "no answer within the deadline", answered: false }), status: 0 })
    }),
    Effect.tap(({ outcome, status }) => report(operation, outcome, status)),
    Effect.map(({ outcome }) => outcome)
  )

const makeCharges = (stripe: Stripe, call: ReturnType<typeof makeCall>) => ({
  charge: Effect.fn("Gateway.charge")((orderId: OrderId, charge: Charge) => {
    const { amount, apiVersion, attempt, idempotencyKey, paymentId, paymentMethodId } = charge
    const params: Stripe.PaymentIntentCreateParams = {
      amount: amount.amount,
      currency: amount.currency.toLowerCase(),
      payment_method: paymentMethodId,
      allowed_payment_method_types: ["card"],
      confirm: true,
      metadata: { orderId, paymentId, attempt: String(attempt) }
    }
    // Written down with the rest: in another version it would be another request under the same key (H53).
    const options = { idempotencyKey, apiVersion }
    return call("charge", () => stripe.paymentIntents.create(params, options), ofIntent, ofChargeError)
  }),
  retrieve: Effect.fn("Gateway.retrieve")((intentId: IntentId) =>
    call("retrieve", () => stripe.paymentIntents.retrieve(intentId), ofIntent, ofIntentError)
  ),
  find: Effect.fn("Gateway.find")((orderId: OrderId, { attempt, paymentId }: Charge) => {
    const query = `metadata["orderId"]:"${orderId}" AND metadata["attempt"]:"${attempt}"`
    return call(
      "find",
      () => stripe.paymentIntents.search({ query, limit: 100 }),
      ({ data }) => foundIntent(data, paymentId),
      ofIntentError
    )
  }),
  cancel: Effect.fn("Gateway.cancel")((intentId: IntentId, asked: number) => {
    const idempotencyKey = `cancel:${intentId}:${asked}`
    return call("cancel", () => stripe.paymentIntents.cancel(intentId, {}, { idempotencyKey }), ofIntent, ofIntentError)
  })
})

const makeRefunds = (stripe: Stripe, call: ReturnType<typeof makeCall>) => ({
  refund: Effect.fn("Gateway.refund")((orderId: OrderId, refund: Refund, intentId: IntentId) => {
    const { amount, cause, refundId } = refund
    const params: Stripe.RefundCreateParams = {
      payment_intent: intentId,
      amount: amount.amount,
      metadata: { orderId, refundId, cause }
    }
    const idempotencyKey = keyOf(orderId, refund, intentId)
    return call("refund", () => stripe.refunds.create(params, { idempotencyKey }), ofRefund, ofRefundError)
  }),
  findRefund: Effect.fn("Gateway.findRefund")(({ refundId }: Refund, intentId: IntentId) =>
    call(
      "find_refund",
      () => stripe.refunds.list({ payment_intent: intentId, limit: 100 }),
      ({ data }) => foundRefund(data, refundId),
      ofRefundListError
    )
  )
})

/** Stripe, or whatever speaks like it at `STRIPE_API_BASE`. */
export const layer = Layer.scoped(
  Gateway,
  Effect.gen(function*() {
    const { deadline, stripe } = yield* makeStripe
    const call = makeCall(deadline, yield* makeReport)
    return Gateway.of({ ...makeCharges(stripe, call), ...makeRefunds(stripe, call) })
  })
)
