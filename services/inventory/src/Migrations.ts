import { messagingMigrations } from "@quartet/messaging/Migrations"
import stock from "./migrations/0101_stock.ts"
import reservations from "./migrations/0102_reservations.ts"
import stockMovements from "./migrations/0103_stock_movements.ts"
import stockRecounts from "./migrations/0104_stock_recounts.ts"

/** Everything the inventory keeps in its schema. */
export const migrations = {
  ...messagingMigrations,
  "0101_stock": stock,
  "0102_reservations": reservations,
  "0103_stock_movements": stockMovements,
  "0104_stock_recounts": stockRecounts
}
