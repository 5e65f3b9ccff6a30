import { messagingMigrations } from "@quartet/messaging/Migrations"
import shipments from "./migrations/0101_shipments.ts"

/** Everything the warehouse keeps in its schema. */
export const migrations = { ...messagingMigrations, "0101_shipments": shipments }
