import * as AuthSettings from "@quartet/hosting/AuthSettings"
import * as Database from "@quartet/hosting/Database"
import * as EmbeddedPostgres from "@quartet/hosting/EmbeddedPostgres"
import * as Settings from "@quartet/hosting/Settings"
import * as Inventory from "@quartet/inventory/main"
import * as RabbitMq from "@quartet/messaging/RabbitMq"
import * as Order from "@quartet/order/main"
import * as Payment from "@quartet/payment/main"
import * as Warehouse from "@quartet/warehouse/main"
import { Config } from "effect"
import * as Desks from "./Desks.ts"
import { Ports } from "./Ports.ts"
import * as Provider from "./Provider.ts"
import * as Reconciling from "./Reconciling.ts"
import * as Seed from "./Seed.ts"
import type { Name } from "./Serve.ts"
import * as Token from "./Token.ts"

const services = {
  order: Order.settings,
  payment: Payment.settings,
  inventory: Inventory.settings,
  warehouse: Warehouse.settings
}

/** Every setting that `quartet serve` reads for one part. */
export const ofPart = (name: Name): Config.Config<unknown> =>
  name === "simulator" ?
    Config.all([Settings.setPort("OPS_PORT").pipe(Config.option), Provider.simulatorSettings]) :
    Config
      .all([
        Config.option(Settings.setPort("OPS_PORT")),
        AuthSettings.settings,
        RabbitMq.settings(name),
        Database.settings(name),
        services[name],
        ...(name === "payment" ? [Provider.simulatorSettings] : [])
      ])

/** Every setting that `quartet start` reads. */
export const ofAll: Config.Config<unknown> = Config.all([
  Ports,
  AuthSettings.settings,
  Database.adminUrl,
  EmbeddedPostgres.settings,
  Provider.simulatorSettings,
  Reconciling.period,
  Token.given,
  ...Object.values(services)
])

/** Every setting that commands read of a quartet that runs elsewhere. */
export const ofClients: Config.Config<unknown> = Config.all([
  AuthSettings.issuing,
  Database.adminUrl,
  Desks.given,
  Provider.base,
  RabbitMq.broker,
  Seed.addresses,
  Settings.home,
  Token.given
])
