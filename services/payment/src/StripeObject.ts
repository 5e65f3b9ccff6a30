import { Currency } from "@quartet/contracts/Currency"
import { OrderId, RefundId } from "@quartet/contracts/Ids"
import type { PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import { Either, Option, Schema } from "effect"
import {
  Intent,
  IntentId,
  IntentStatus,
  ProviderRefund,
  ProviderRefundId,
  ProviderRefundStatus
} from "./domain/Intent.ts"

/** Lower case on the wire. */
const WireCurrency = Schema.compose(Schema.Uppercase, Currency, { strict: false })
const WireAmount = Schema.Int.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER))
const Metadata = Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
  nullable: true,
  default: () => ({})
})

/** What a card error says of a decline. Source: Stripe, "Error codes" and "Decline codes". */
export const Decline = Schema.Struct({
  code: Schema.optional(Schema.NullOr(Schema.String)),
  decline_code: Schema.optional(Schema.NullOr(Schema.String))
})

const WireIntent = Schema.Struct({
  id: IntentId,
  object: Schema.Literal("payment_intent"),
  status: IntentStatus,
  amount: WireAmount,
  amount_received: WireAmount,
  currency: WireCurrency,
  metadata: Metadata,
  last_payment_error: Schema.NullOr(Decline),
  next_action: Schema.NullOr(Schema.Struct({
    type: Schema.NonEmptyString,
    redirect_to_url: Schema.optional(Schema.NullOr(Schema.Struct({ url: Schema.NullOr(Schema.NonEmptyString) })))
  }))
})
type WireIntent = typeof WireIntent.Type

const WireRefund = Schema.Struct({
  id: ProviderRefundId,
  object: Schema.Literal("refund"),
  status: ProviderRefundStatus,
  amount: WireAmount,
  currency: WireCurrency,
  payment_intent: IntentId,
  metadata: Metadata,
  failure_reason: Schema.optional(Schema.NullOr(Schema.String))
})

/** What was said of an object, and whose payment it says it is. */
export interface Said<A> {
  readonly what: A
  readonly orderId: Option.Option<OrderId>
  readonly metadata: Readonly<Record<string, string>>
}

const orderIdIn = (metadata: Readonly<Record<string, string>>) =>
  Schema.decodeUnknownOption(OrderId)(metadata["orderId"])

const decodeIntent = Schema.decodeUnknownEither(WireIntent)
const decodeRefund = Schema.decodeUnknownEither(WireRefund)

/** Reads a payment intent, from an answer as from an event. The client secret is not among what is read. */
export const readIntent = (object: unknown): Either.Either<Said<Intent>, string> =>
  Either.mapBoth(decodeIntent(object), {
    onLeft: () => "the payment intent cannot be read",
    onRight: (wire) => ({
      what: Intent.make({
        id: wire.id,
        status: wire.status,
        amount: { amount: wire.amount, currency: wire.currency },
        received: { amount: wire.amount_received, currency: wire.currency },
        failure: Option.map(Option.fromNullable(wire.last_payment_error), toReason),
        nextAction: wire.status === "requires_action" ? Option.some(nextActionOf(wire)) : Option.none()
      }),
      orderId: orderIdIn(wire.metadata),
      metadata: wire.metadata
    })
  })

/** An address that would give the intent's client secret away is left out: the owner gets it elsewhere. */
const nextActionOf = ({ id, next_action: action }: WireIntent) => {
  const url = action?.redirect_to_url?.url ?? undefined
  const type = action?.type ?? "use_stripe_sdk"
  return url === undefined || url.includes(`${id}_secret_`) ? { type } : { type, url }
}

/** Reads a refund, from an answer as from an event. */
export const readRefund = (object: unknown): Either.Either<Said<ProviderRefund>, string> =>
  Either.mapBoth(decodeRefund(object), {
    onLeft: () => "the refund cannot be read",
    onRight: (wire) => ({
      what: ProviderRefund.make({
        id: wire.id,
        status: wire.status,
        amount: { amount: wire.amount, currency: wire.currency },
        intentId: wire.payment_intent,
        ours: Schema.decodeUnknownOption(RefundId)(wire.metadata["refundId"]),
        failure: wire.failure_reason || wire.status
      }),
      orderId: orderIdIn(wire.metadata),
      metadata: wire.metadata
    })
  })

/** A class that is safe to show: a stolen card is declined like any other. */
export const toReason = ({ code, decline_code: declineCode }: typeof Decline.Type): PaymentFailureReason =>
  (declineCode && reasons[declineCode]) || (code && reasons[code]) || "declined"

const reasons: Readonly<Record<string, PaymentFailureReason>> = {
  insufficient_funds: "insufficient_funds",
  withdrawal_count_limit_exceeded: "insufficient_funds",
  expired_card: "expired_card",
  incorrect_cvc: "incorrect_cvc",
  invalid_cvc: "incorrect_cvc",
  processing_error: "processing_error",
  authentication_required: "authentication_failed",
  authentication_not_handled: "authentication_failed",
  payment_intent_authentication_failure: "authentication_failed"
}
