import { Schema } from "effect"

/** Where an order stands. Shipped, Failed and Cancelled are final. */
export const OrderStatus = Schema.Literal(
  "Draft",
  "Reserved",
  "PaymentPending",
  "Paid",
  "Shipped",
  "Failed",
  "Cancelled"
)
export type OrderStatus = typeof OrderStatus.Type
