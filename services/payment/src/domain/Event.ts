import { OrderId, RefundId } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
import { NextAction, PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"
import { Charge, Look } from "./Charge.ts"
import { IntentId, ProviderRefundId } from "./Intent.ts"
import { RefundCause } from "./Refund.ts"

const about = { orderId: OrderId }
const next = Schema.OptionFromSelf(Schema.typeSchema(Look))
const at = Schema.DateTimeUtcFromSelf

/** The order was cancelled before it asked for a payment: there will be none. */
export class PaymentForbidden extends Trusted.TaggedClass<PaymentForbidden>()("PaymentForbidden", about) {}

/** It is written down what the provider will be asked for. */
export class PaymentOpened
  extends Trusted.TaggedClass<PaymentOpened>()("PaymentOpened", { ...about, charge: Charge })
{}

/** From here on the provider may have been asked. */
export class ChargeBegun extends Trusted.TaggedClass<ChargeBegun>()("ChargeBegun", { ...about, at }) {}

/** The order is cancelled while nobody knows what the provider did: that has to be found out first. */
export class CancellationWanted extends Trusted.TaggedClass<CancellationWanted>()("CancellationWanted", about) {}

/** The provider works on it. Without `next` a question is under way already. */
export class IntentSeen
  extends Trusted.TaggedClass<IntentSeen>()("IntentSeen", { ...about, intentId: IntentId, next })
{}

/** The provider was asked and nobody knows what it did. */
export class OutcomeUnknown extends Trusted.TaggedClass<OutcomeUnknown>()("OutcomeUnknown", {
  ...about,
  why: Schema.String,
  next: Schema.typeSchema(Look)
}) {}

/** As much was asked as may be, and the outcome is not known: a person, or the provider's own word, has to settle it. */
export class AttemptParked extends Trusted.TaggedClass<AttemptParked>()("AttemptParked", {
  ...about,
  why: Schema.String
}) {}

/** The customer has to do something, such as 3-D Secure. */
export class ActionAsked extends Trusted.TaggedClass<ActionAsked>()("ActionAsked", {
  ...about,
  intentId: IntentId,
  nextAction: NextAction,
  at,
  next
}) {}

export const CancelReason = Schema.Literal("order_cancelled", "expired")
export type CancelReason = typeof CancelReason.Type

/** An open intent is to be cancelled; until the provider did, the money may still come. */
export class CancelStarted extends Trusted.TaggedClass<CancelStarted>()("CancelStarted", {
  ...about,
  intentId: IntentId,
  reason: CancelReason
}) {}

/** Whether the provider cancelled is not known. */
export class CancelUnknown extends Trusted.TaggedClass<CancelUnknown>()("CancelUnknown", {
  ...about,
  why: Schema.String,
  next: Schema.typeSchema(Look)
}) {}

/** No money came. An intent that is still `open` must be cancelled, so that none comes later. */
export class PaymentFailed extends Trusted.TaggedClass<PaymentFailed>()("PaymentFailed", {
  ...about,
  reason: Schema.typeSchema(PaymentFailureReason),
  open: Schema.OptionFromSelf(IntentId)
}) {}

/** The intent of a failed payment is cancelled at the provider as well. */
export class IntentClosed extends Trusted.TaggedClass<IntentClosed>()("IntentClosed", about) {}

/** The money is ours: the whole of it, in the right currency. */
export class PaymentSucceeded extends Trusted.TaggedClass<PaymentSucceeded>()("PaymentSucceeded", {
  ...about,
  intentId: IntentId
}) {}

/** Money came, but not what was asked for. `told`: the failure of this payment was announced before. */
export class AmountMismatched extends Trusted.TaggedClass<AmountMismatched>()("AmountMismatched", {
  ...about,
  intentId: IntentId,
  taken: Money,
  told: Schema.Boolean
}) {}

const refund = { ...about, refundId: RefundId }

/** Money that has not come yet is to go back when it does. */
export class RefundWanted extends Trusted.TaggedClass<RefundWanted>()("RefundWanted", {
  ...refund,
  cause: RefundCause,
  amount: Money
}) {}

/** The provider is to be asked for a refund. */
export class RefundRequested extends Trusted.TaggedClass<RefundRequested>()("RefundRequested", {
  ...refund,
  cause: RefundCause,
  amount: Money,
  intentId: IntentId
}) {}

/** Nothing is left that could go back: other refunds take all of it. */
export class RefundCovered extends Trusted.TaggedClass<RefundCovered>()("RefundCovered", {
  ...refund,
  cause: RefundCause,
  amount: Money,
  intentId: IntentId
}) {}

/** The provider is not asked: an operator wants to give more than is left. */
export class RefundDenied extends Trusted.TaggedClass<RefundDenied>()("RefundDenied", {
  ...refund,
  cause: RefundCause,
  amount: Money,
  intentId: IntentId,
  reason: Schema.String
}) {}

/** Money is asked back of a payment that took none: nothing is given. */
export class RefundUnfounded extends Trusted.TaggedClass<RefundUnfounded>()("RefundUnfounded", {
  ...refund,
  cause: RefundCause,
  amount: Money
}) {}

/** From here on the provider may have been asked for the refund. */
export class RefundBegun extends Trusted.TaggedClass<RefundBegun>()("RefundBegun", { ...refund, at }) {}

/** Whether the money goes back is not known. */
export class RefundUnknown extends Trusted.TaggedClass<RefundUnknown>()("RefundUnknown", {
  ...refund,
  why: Schema.String,
  next: Schema.typeSchema(Look)
}) {}

/** The provider agreed and has not finished. */
export class RefundPending extends Trusted.TaggedClass<RefundPending>()("RefundPending", {
  ...refund,
  providerId: ProviderRefundId,
  next
}) {}

/** The money went back; without `providerId` other refunds had returned all of it before. */
export class RefundSucceeded extends Trusted.TaggedClass<RefundSucceeded>()("RefundSucceeded", {
  ...refund,
  providerId: Schema.OptionFromSelf(ProviderRefundId)
}) {}

/** The money did not go back, or came back again. A person has to find another way. */
export class RefundFailed extends Trusted.TaggedClass<RefundFailed>()("RefundFailed", {
  ...refund,
  providerId: Schema.OptionFromSelf(ProviderRefundId),
  reason: Schema.String
}) {}

/** The provider does not give the money back, and somebody paid it back by another way. */
export class RefundSettled extends Trusted.TaggedClass<RefundSettled>()("RefundSettled", {
  ...refund,
  because: Schema.NonEmptyString,
  settledBy: Schema.NonEmptyString
}) {}

/** Somebody made a refund at the provider. */
export class RefundMirrored extends Trusted.TaggedClass<RefundMirrored>()("RefundMirrored", {
  ...refund,
  providerId: ProviderRefundId,
  intentId: IntentId,
  amount: Money,
  status: Schema.Literal("Pending", "Succeeded")
}) {}

export type RefundEvent =
  | RefundWanted
  | RefundRequested
  | RefundCovered
  | RefundDenied
  | RefundUnfounded
  | RefundBegun
  | RefundUnknown
  | RefundPending
  | RefundSucceeded
  | RefundFailed
  | RefundSettled
  | RefundMirrored

export type PaymentEvent =
  | PaymentForbidden
  | PaymentOpened
  | ChargeBegun
  | CancellationWanted
  | IntentSeen
  | OutcomeUnknown
  | AttemptParked
  | ActionAsked
  | CancelStarted
  | CancelUnknown
  | PaymentFailed
  | IntentClosed
  | PaymentSucceeded
  | AmountMismatched
  | RefundEvent
