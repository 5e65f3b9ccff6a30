import * as Message from "@quartet/messaging/Message"
import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"
import { OrderId, PaymentId, RefundId } from "./Ids.ts"
import { Money } from "./Money.ts"
import { Attempt, RefundReason } from "./OrderMessages.ts"
import { reason } from "./Reason.ts"

/** How often the provider has been asked for the same thing, from 1. */
export const Try = Schema.Int.pipe(Schema.positive())

/** How often the same question was put off since then without being asked; absent is not once. */
const putOff = { putOff: Schema.optional(Schema.Int.pipe(Schema.positive())) }

/**
 * Why a payment came to nothing, in classes safe to show a customer: a stolen card is `declined` like any other.
 * Source: Stripe, "Decline codes", on what not to reveal.
 */
export const PaymentFailureReason = reason(
  "declined",
  "insufficient_funds",
  "expired_card",
  "incorrect_cvc",
  "processing_error",
  "authentication_failed",
  "invalid_payment_method",
  "refused",
  "amount_mismatch",
  "order_cancelled",
  "expired"
)
export type PaymentFailureReason = typeof PaymentFailureReason.Type

/** What the customer has to do, such as 3-D Secure. The client secret never travels: it is fetched when it is shown. */
export const NextAction = Schema.Struct({
  type: Schema.NonEmptyString,
  url: Schema.optional(Schema.NonEmptyString)
}).annotations(documentedAs("NextAction"))
export type NextAction = typeof NextAction.Type

/** The charge waits for the customer. */
export const PaymentActionRequired = Message.define(
  "payment.action_required.v1",
  Schema.Struct({ orderId: OrderId, paymentId: PaymentId, attempt: Attempt, nextAction: NextAction }),
  (m) => m.orderId
)
export type PaymentActionRequired = Message.Data<typeof PaymentActionRequired>

/** The money is ours. */
export const PaymentSucceeded = Message.define(
  "payment.succeeded.v1",
  Schema.Struct({ orderId: OrderId, paymentId: PaymentId, attempt: Attempt, amount: Money }),
  (m) => m.orderId
)
export type PaymentSucceeded = Message.Data<typeof PaymentSucceeded>

/** No money came and none will from this payment. */
export const PaymentFailed = Message.define(
  "payment.failed.v1",
  Schema.Struct({ orderId: OrderId, paymentId: PaymentId, attempt: Attempt, reason: PaymentFailureReason }),
  (m) => m.orderId
)
export type PaymentFailed = Message.Data<typeof PaymentFailed>

/**
 * The money went back. `refundId` is ours, or the provider's for a refund that somebody made over there. `covered`: other
 * refunds had returned it before, and this one moved nothing.
 */
export const PaymentRefunded = Message.define(
  "payment.refunded.v1",
  Schema.Struct({
    orderId: OrderId,
    paymentId: PaymentId,
    refundId: Schema.NonEmptyString,
    amount: Money,
    reason: RefundReason,
    covered: Schema.optional(Schema.Boolean)
  }),
  (m) => m.orderId
)
export type PaymentRefunded = Message.Data<typeof PaymentRefunded>

/** The provider will not give the money back, or it came back again; a person has to. `refundId` as in `payment.refunded`. */
export const PaymentRefundFailed = Message.define(
  "payment.refund_failed.v1",
  Schema.Struct({
    orderId: OrderId,
    paymentId: PaymentId,
    amount: Money,
    reason: Schema.String,
    refundId: Schema.optional(Schema.NonEmptyString)
  }),
  (m) => m.orderId
)
export type PaymentRefundFailed = Message.Data<typeof PaymentRefundFailed>

/** A refund that failed was paid back by another way, and an operator says so. `refundId` as in `payment.refunded`. */
export const PaymentRefundSettled = Message.define(
  "payment.refund_settled.v1",
  Schema.Struct({
    orderId: OrderId,
    paymentId: PaymentId,
    refundId: Schema.NonEmptyString,
    amount: Money,
    reason: RefundReason
  }),
  (m) => m.orderId
)
export type PaymentRefundSettled = Message.Data<typeof PaymentRefundSettled>

/** Ask the provider for the charge, or what became of it. */
export const PaymentChargeDue = Message.defineTimer(
  "payment.charge_due.v1",
  Schema.Struct({ orderId: OrderId, paymentId: PaymentId, attempt: Attempt, try: Try, ...putOff }),
  (m) => m.orderId
)
export type PaymentChargeDue = Message.Data<typeof PaymentChargeDue>

/** Ask the provider to cancel what is still open. */
export const PaymentCancelDue = Message.defineTimer(
  "payment.cancel_due.v1",
  Schema.Struct({ orderId: OrderId, paymentId: PaymentId, try: Try, ...putOff }),
  (m) => m.orderId
)
export type PaymentCancelDue = Message.Data<typeof PaymentCancelDue>

/** Ask the provider for the refund, or what became of it. */
export const PaymentRefundDue = Message.defineTimer(
  "payment.refund_due.v1",
  Schema.Struct({ orderId: OrderId, refundId: RefundId, try: Try, ...putOff }),
  (m) => m.orderId
)
export type PaymentRefundDue = Message.Data<typeof PaymentRefundDue>
