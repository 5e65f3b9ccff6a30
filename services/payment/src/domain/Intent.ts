import { RefundId } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
import { NextAction, PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import { Schema } from "effect"

/** The provider's name for one payment intent, such as `pi_3PgrXY`. */
export const IntentId = Schema.NonEmptyString.pipe(Schema.maxLength(255), Schema.brand("IntentId"))
export type IntentId = typeof IntentId.Type

/** The provider's name for one refund, such as `re_3PgrXY`. */
export const ProviderRefundId = Schema.NonEmptyString.pipe(Schema.maxLength(255), Schema.brand("ProviderRefundId"))
export type ProviderRefundId = typeof ProviderRefundId.Type

/** Source: Stripe, "The PaymentIntent object", `status`. */
export const IntentStatus = Schema.Literal(
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
  "processing",
  "requires_capture",
  "canceled",
  "succeeded"
)
export type IntentStatus = typeof IntentStatus.Type

/**
 * What the provider said of an intent, in an answer or in an event: the same facts either way. `received` is what was
 * really taken; `failure` is why the last try to pay it came to nothing.
 */
export class Intent extends Schema.Class<Intent>("Intent")({
  id: IntentId,
  status: IntentStatus,
  amount: Money,
  received: Money,
  failure: Schema.OptionFromNullOr(PaymentFailureReason),
  nextAction: Schema.OptionFromNullOr(NextAction)
}) {}

/** Source: Stripe, "The Refund object", `status`. */
export const ProviderRefundStatus = Schema.Literal("pending", "requires_action", "succeeded", "failed", "canceled")
export type ProviderRefundStatus = typeof ProviderRefundStatus.Type

/** What the provider said of a refund; `ours` is our own id of it, absent when somebody made it over there. */
export class ProviderRefund extends Schema.Class<ProviderRefund>("ProviderRefund")({
  id: ProviderRefundId,
  status: ProviderRefundStatus,
  amount: Money,
  intentId: IntentId,
  ours: Schema.OptionFromNullOr(RefundId),
  failure: Schema.NonEmptyString
}) {}
