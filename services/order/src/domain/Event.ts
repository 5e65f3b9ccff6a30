import { CustomerId, OrderId, PaymentMethodId, RefundId, ShipmentId } from "@quartet/contracts/Ids"
import { OrderLine } from "@quartet/contracts/Lines"
import { Money, SomeMoney } from "@quartet/contracts/Money"
import { Attempt, CancellationReason, OrderFailureReason, RefundReason } from "@quartet/contracts/OrderMessages"
import { NextAction, PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"

/** Every event belongs to an order and has the time of the transaction that decided it. */
const happened = { orderId: OrderId, at: Schema.DateTimeUtcFromSelf }

/** Placed at the prices of this moment; it ends at `draftUntil` unless stock answers. */
export class OrderPlaced extends Trusted.TaggedClass<OrderPlaced>()("OrderPlaced", {
  ...happened,
  customerId: CustomerId,
  lines: Schema.NonEmptyArray(OrderLine),
  total: Money,
  draftUntil: Schema.DateTimeUtcFromSelf
}) {}

/** Every line is held, until `holdUntil` unless the customer pays. */
export class StockReserved extends Trusted.TaggedClass<StockReserved>()("StockReserved", {
  ...happened,
  holdUntil: Schema.DateTimeUtcFromSelf
}) {}

export class StockRejected extends Trusted.TaggedClass<StockRejected>()("StockRejected", {
  ...happened,
  reason: Schema.typeSchema(OrderFailureReason)
}) {}

export class PaymentRequested extends Trusted.TaggedClass<PaymentRequested>()("PaymentRequested", {
  ...happened,
  attempt: Attempt,
  paymentMethodId: PaymentMethodId
}) {}

export class ActionRequired extends Trusted.TaggedClass<ActionRequired>()("ActionRequired", {
  ...happened,
  nextAction: NextAction
}) {}

export class PaymentReceived extends Trusted.TaggedClass<PaymentReceived>()("PaymentReceived", happened) {}

export class PaymentFailed extends Trusted.TaggedClass<PaymentFailed>()("PaymentFailed", {
  ...happened,
  reason: Schema.typeSchema(PaymentFailureReason)
}) {}

/** A paid order is to be cancelled; the warehouse decides. */
export class CancellationRequested
  extends Trusted.TaggedClass<CancellationRequested>()("CancellationRequested", happened)
{}

export class OrderCancelled extends Trusted.TaggedClass<OrderCancelled>()("OrderCancelled", {
  ...happened,
  reason: Schema.typeSchema(CancellationReason)
}) {}

export class OrderShipped extends Trusted.TaggedClass<OrderShipped>()("OrderShipped", {
  ...happened,
  shipmentId: ShipmentId
}) {}

/** The order was paid and its goods are gone. */
export class StockLost extends Trusted.TaggedClass<StockLost>()("StockLost", happened) {}

/** This money belongs to the customer again. An operator who gives it says `because` of what, and is named. */
export class RefundRequested extends Trusted.TaggedClass<RefundRequested>()("RefundRequested", {
  ...happened,
  refundId: RefundId,
  amount: SomeMoney,
  reason: Schema.typeSchema(RefundReason),
  because: Schema.optional(Schema.String),
  askedBy: Schema.optional(Schema.String)
}) {}

/** A refund as somebody else numbered it, too: those made at the provider have its id. */
const refund = { refundId: Schema.NonEmptyString, amount: Money, reason: Schema.typeSchema(RefundReason) }

/** The money went back; `covered`, when other refunds had returned it before. */
export class RefundMade extends Trusted.TaggedClass<RefundMade>()("RefundMade", {
  ...happened,
  ...refund,
  covered: Schema.Boolean
}) {}

/** The money did not go back, or came back again. */
export class RefundFailed extends Trusted.TaggedClass<RefundFailed>()("RefundFailed", { ...happened, ...refund }) {}

export type OrderEvent =
  | OrderPlaced
  | StockReserved
  | StockRejected
  | PaymentRequested
  | ActionRequired
  | PaymentReceived
  | PaymentFailed
  | CancellationRequested
  | OrderCancelled
  | OrderShipped
  | StockLost
  | RefundRequested
  | RefundMade
  | RefundFailed
