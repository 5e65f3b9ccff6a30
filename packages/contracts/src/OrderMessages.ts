import * as Message from "@quartet/messaging/Message"
import { Schema } from "effect"
import { CustomerId, OrderId, PaymentMethodId, RefundId } from "./Ids.ts"
import { OrderLine, StockLines } from "./Lines.ts"
import { Money } from "./Money.ts"
import { OrderStatus, RefundTotals } from "./OrderStatus.ts"
import { reason } from "./Reason.ts"
import { Timestamp } from "./Timestamp.ts"

/** Which of the customer's tries to pay this is, from 1. */
export const Attempt = Schema.Int.pipe(Schema.positive())

/** Why an order ended before it was paid for good. */
export const CancellationReason = reason("customer", "hold_expired", "draft_expired", "operator")
export type CancellationReason = typeof CancellationReason.Type

/** Why an order failed for want of goods. A failed payment is the payment service's to announce. */
export const OrderFailureReason = reason("out_of_stock", "unknown_product", "stock_lost")
export type OrderFailureReason = typeof OrderFailureReason.Type

/** Why money goes back. */
export const RefundReason = reason(
  "late_payment",
  "cancelled_after_payment",
  "stock_lost",
  "amount_mismatch",
  "extra_charge",
  "made_at_provider",
  "operator"
)
export type RefundReason = typeof RefundReason.Type

/** A customer placed an order; nothing is held yet. */
export const OrderPlaced = Message.define(
  "order.placed.v1",
  Schema.Struct({
    orderId: OrderId,
    customerId: CustomerId,
    lines: Schema.NonEmptyArray(OrderLine),
    total: Money
  }),
  (m) => m.orderId
)
export type OrderPlaced = Message.Data<typeof OrderPlaced>

/** The customer pressed the button: charge this amount. */
export const OrderPaymentRequested = Message.define(
  "order.payment_requested.v1",
  Schema.Struct({
    orderId: OrderId,
    customerId: CustomerId,
    attempt: Attempt,
    paymentMethodId: PaymentMethodId,
    amount: Money
  }),
  (m) => m.orderId
)
export type OrderPaymentRequested = Message.Data<typeof OrderPaymentRequested>

/** The order is paid in full: what is held may be committed and sent. */
export const OrderPaid = Message.define(
  "order.paid.v1",
  Schema.Struct({ orderId: OrderId, customerId: CustomerId, lines: StockLines, total: Money }),
  (m) => m.orderId
)
export type OrderPaid = Message.Data<typeof OrderPaid>

/** A paid order is to be cancelled, if the parcel has not left: the warehouse decides. */
export const OrderCancellationRequested = Message.define(
  "order.cancellation_requested.v1",
  Schema.Struct({ orderId: OrderId }),
  (m) => m.orderId
)
export type OrderCancellationRequested = Message.Data<typeof OrderCancellationRequested>

/** The order is cancelled, finally. */
export const OrderCancelled = Message.define(
  "order.cancelled.v1",
  Schema.Struct({ orderId: OrderId, reason: CancellationReason }),
  (m) => m.orderId
)
export type OrderCancelled = Message.Data<typeof OrderCancelled>

/** The order failed, finally, for want of goods. */
export const OrderFailed = Message.define(
  "order.failed.v1",
  Schema.Struct({ orderId: OrderId, reason: OrderFailureReason }),
  (m) => m.orderId
)
export type OrderFailed = Message.Data<typeof OrderFailed>

/**
 * This money must go back to the customer. `refundId` is the order's own number of it; without one, the message's id is
 * the refund's. What an operator gives back is one refund for each number, everything else one for each reason.
 */
export const OrderRefundRequested = Message.define(
  "order.refund_requested.v1",
  Schema.Struct({ orderId: OrderId, amount: Money, reason: RefundReason, refundId: Schema.optional(RefundId) }),
  (m) => m.orderId
)
export type OrderRefundRequested = Message.Data<typeof OrderRefundRequested>

/**
 * What a list of orders shows of one order, for the read model; a higher version replaces a lower one. It keeps no order
 * with other messages, so that nothing waits for the read model.
 */
export const OrderSummaryChanged = Message.defineTimer(
  "order.summary_changed.v1",
  Schema.Struct({
    orderId: OrderId,
    customerId: CustomerId,
    status: OrderStatus,
    version: Schema.Int.pipe(Schema.positive()),
    total: Money,
    itemCount: Schema.Int.pipe(Schema.positive()),
    placedAt: Timestamp,
    updatedAt: Timestamp,
    refundTotals: Schema.optional(RefundTotals)
  }),
  (m) => m.orderId
)
export type OrderSummaryChanged = Message.Data<typeof OrderSummaryChanged>

/** Stock should have answered by now. */
export const OrderDraftExpiryDue = Message.defineTimer(
  "order.draft_expiry_due.v1",
  Schema.Struct({ orderId: OrderId }),
  (m) => m.orderId
)
export type OrderDraftExpiryDue = Message.Data<typeof OrderDraftExpiryDue>

/** The time to pay is over. */
export const OrderHoldExpiryDue = Message.defineTimer(
  "order.hold_expiry_due.v1",
  Schema.Struct({ orderId: OrderId }),
  (m) => m.orderId
)
export type OrderHoldExpiryDue = Message.Data<typeof OrderHoldExpiryDue>
