import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"
import { Money } from "./Money.ts"

/** Where an order stands. Shipped, Failed and Cancelled are final. */
export const OrderStatus = Schema.Literal(
  "Draft",
  "Reserved",
  "PaymentPending",
  "Paid",
  "Shipped",
  "Failed",
  "Cancelled"
).annotations(documentedAs("OrderStatus"))
export type OrderStatus = typeof OrderStatus.Type

/** What the order's refunds came to, taken together: `failed` is money that is still owed, and nobody brings it. */
export const Refund = Schema.Literal("none", "requested", "refunded", "failed")
export type Refund = typeof Refund.Type

/** How far one refund is. `covered`: other refunds had returned all of it before, so that this one moved nothing. */
export const RefundStatus = Schema.Literal("requested", "refunded", "covered", "failed")
export type RefundStatus = typeof RefundStatus.Type

/** What of an order's own charge is on its way back, went back, and did not. */
export const RefundTotals = Schema.Struct({ requested: Money, refunded: Money, failed: Money }).annotations(
  documentedAs("RefundTotals")
)
export type RefundTotals = typeof RefundTotals.Type
