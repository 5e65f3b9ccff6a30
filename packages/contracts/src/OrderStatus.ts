import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"

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

/** What a refund of the order came to. */
export const Refund = Schema.Literal("none", "requested", "refunded", "failed")
export type Refund = typeof Refund.Type
