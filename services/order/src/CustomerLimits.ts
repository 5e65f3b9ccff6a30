import * as Settings from "@quartet/hosting/Settings"
import { Config } from "effect"
import type { Limits } from "./domain/Standing.ts"

const range = { from: 0, to: 1_000_000 }

/** What one customer may have; 0 is any number. */
export const config: Config.Config<Limits> = Config.all({
  openOrders: Settings.whole("CUSTOMER_OPEN_ORDERS", 1000, range),
  failedPayments: Settings.whole("CUSTOMER_FAILED_PAYMENTS_PER_HOUR", 50, range)
})
