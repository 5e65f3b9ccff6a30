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

/** Those that are given on every address are reached by this machine's own. */
const everywhere = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]])

/** Where a client on this machine reaches a port that a server bound to `HOST`. */
export const addressOf: Config.Config<(port: number) => string> = Config.map(Settings.host, (bound) => {
  const host = everywhere.get(bound) ?? bound
  return (port) => `http://${host.includes(":") ? `[${host}]` : host}:${port}`
})
