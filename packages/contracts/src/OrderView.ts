import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"
import { OrderId, ShipmentId, Sku } from "./Ids.ts"
import { OrderLine } from "./Lines.ts"
import { Money } from "./Money.ts"
import { Attempt, RefundReason } from "./OrderMessages.ts"
import { OrderStatus, Refund, RefundStatus, RefundTotals } from "./OrderStatus.ts"
import { NextAction } from "./PaymentMessages.ts"

/** One refund of an order. `id` is ours, or the provider's for one that was made over there. */
export const RefundView = Schema.Struct({
  id: Schema.NonEmptyString,
  amount: Money,
  reason: Schema.typeSchema(RefundReason),
  status: RefundStatus
}).annotations(documentedAs("Refund"))
export type RefundView = typeof RefundView.Type

/** An order as its customer sees it; amounts are minor units of their currency. */
export const OrderView = Schema.Struct({
  id: OrderId,
  status: OrderStatus,
  /** How often the order changed; also its `ETag`. */
  version: Schema.Int,
  lines: Schema.NonEmptyArray(OrderLine),
  total: Money,
  /** What became of money that is to go back. */
  refund: Refund,
  /** Each of them, in the order in which they were heard of. */
  refunds: Schema.optional(Schema.NonEmptyArray(RefundView)),
  placedAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc,
  /** Reserved: until when the goods are held. */
  holdUntil: Schema.optional(Schema.DateTimeUtc),
  /** PaymentPending: which try to pay this is. */
  attempt: Schema.optional(Attempt),
  /** PaymentPending: what the customer has to do before the payment goes on. */
  nextAction: Schema.optional(NextAction),
  /** Paid: whether the warehouse is asked to stop the parcel. */
  cancelling: Schema.optional(Schema.Boolean),
  /** Shipped: the parcel. */
  shipmentId: Schema.optional(ShipmentId),
  /** Failed and Cancelled: why. */
  reason: Schema.optional(Schema.String)
}).annotations(documentedAs("Order"))
export type OrderView = typeof OrderView.Type

/** One order in a list. */
export const OrderSummary = Schema.Struct({
  id: OrderId,
  status: OrderStatus,
  version: Schema.Int,
  total: Money,
  itemCount: Schema.Int,
  placedAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc,
  /** Where money went back or is to. */
  refundTotals: Schema.optional(RefundTotals)
}).annotations(documentedAs("OrderSummary"))
export type OrderSummary = typeof OrderSummary.Type

/** One line of an order's audit trail; `from` is null for the first. */
export const HistoryEntry = Schema.Struct({
  version: Schema.Int,
  from: Schema.NullOr(OrderStatus),
  to: OrderStatus,
  event: Schema.String,
  /** The message or the request that caused it. */
  cause: Schema.String,
  /** Who caused it: the customer, or the service that said so. */
  actor: Schema.String,
  at: Schema.DateTimeUtc,
  /** The refund that it is about, as it was then. */
  refund: Schema.optional(RefundView)
}).annotations(documentedAs("HistoryEntry"))
export type HistoryEntry = typeof HistoryEntry.Type

/** What a stream tells of one change of an order. */
export const OrderChange = Schema.Struct({
  ...HistoryEntry.fields,
  /** The order as this change made it; absent where it has changed again since. */
  order: Schema.optional(OrderView)
}).annotations(documentedAs("OrderChange"))
export type OrderChange = typeof OrderChange.Type

/** One entry of the price list. */
export const ProductView = Schema.Struct({ sku: Sku, name: Schema.String, price: Money }).annotations(
  documentedAs("Product")
)
