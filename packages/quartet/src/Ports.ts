import * as Settings from "@quartet/hosting/Settings"
import { Config } from "effect"

/** Where each part listens. The services and the operators' server read the same settings for themselves. */
export const Ports = Config.all({
  order: Settings.port("ORDER_PORT", 3000),
  payment: Settings.port("PAYMENT_PORT", 3001),
  inventory: Settings.port("INVENTORY_PORT", 3002),
  warehouse: Settings.port("WAREHOUSE_PORT", 3003),
  prices: Settings.port("PRICES_PORT", 3004),
  simulator: Settings.port("STRIPE_SIMULATOR_PORT", 12111),
  ops: Settings.port("OPS_PORT", 9000)
})
export type Ports = Config.Config.Success<typeof Ports>

/** Where operators reach each process of its own when `OPS_PORT` does not say otherwise. */
export const opsPorts = { order: 9000, payment: 9001, inventory: 9002, warehouse: 9003, simulator: 9004 }
