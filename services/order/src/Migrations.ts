import { messagingMigrations } from "@quartet/messaging/Migrations"
import products from "./migrations/0101_products.ts"
import orders from "./migrations/0102_orders.ts"
import orderTransitions from "./migrations/0103_order_transitions.ts"
import orderSummaries from "./migrations/0104_order_summaries.ts"
import customerStandings from "./migrations/0105_customer_standings.ts"
import orderSummaryRebuilds from "./migrations/0106_order_summary_rebuilds.ts"
import orderRefunds from "./migrations/0107_order_refunds.ts"

/** Everything the order service keeps in its schema. */
export const migrations = {
  ...messagingMigrations,
  "0101_products": products,
  "0102_orders": orders,
  "0103_order_transitions": orderTransitions,
  "0104_order_summaries": orderSummaries,
  "0105_customer_standings": customerStandings,
  "0106_order_summary_rebuilds": orderSummaryRebuilds,
  "0107_order_refunds": orderRefunds
}
