import * as Catalog from "@quartet/contracts/Catalog"
import * as Auth from "@quartet/hosting/Auth"
import * as Database from "@quartet/hosting/Database"
import * as Health from "@quartet/hosting/Health"
import * as Launch from "@quartet/hosting/Launch"
import * as Ops from "@quartet/hosting/Ops"
import * as ParkedMessages from "@quartet/hosting/ParkedMessages"
import * as Postgres from "@quartet/hosting/Postgres"
import * as Inventory from "@quartet/inventory/main"
import { Broker } from "@quartet/messaging/Broker"
import * as RabbitMq from "@quartet/messaging/RabbitMq"
import * as Relay from "@quartet/messaging/Relay"
import * as Order from "@quartet/order/main"
import * as Payment from "@quartet/payment/main"
import * as Warehouse from "@quartet/warehouse/main"
import { Duration, Effect, Layer, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { opsPorts } from "./Ports.ts"
import * as Provider from "./Provider.ts"
import * as AllSettings from "./Settings.ts"

/** What can have a process of its own. */
export const Name = Schema.Literal("order", "payment", "inventory", "warehouse", "simulator").annotations({
  message: () => "Say which one: order, payment, inventory, warehouse or simulator."
})
export type Name = typeof Name.Type
type Service = Exclude<Name, "simulator">

/** No other process has this name, also not one that had this id before. */
const replica = Layer.sync(
  Relay.Replica,
  () => `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`
)

const broker = (service: string) =>
  Layer.scopedDiscard(Effect.flatMap(Broker, ({ ready }) => Health.register("broker", ready))).pipe(
    Layer.provideMerge(RabbitMq.layerConfig({ subscriptions: Catalog.subscriptions, service }))
  )

/** A service alone: whatever it depends on may come later than it does, and come and go. */
const served = (service: Service) =>
  Layer.provide(services[service], [
    broker(service),
    Database.layerUrl,
    replica,
    Layer.succeed(Postgres.Patience, Duration.infinity)
  ])

const services = {
  order: Order.layer,
  payment: Layer.provide(Payment.layer, Provider.settings),
  inventory: Inventory.layer,
  warehouse: Warehouse.layer
}

/** One service, or the provider's stand-in, in a process of its own. Any number of replicas of a service may run. */
export const run = (name: Name): void =>
  name === "simulator"
    ? Launch.run(standIn, { settings: AllSettings.ofPart(name) })
    : Launch.run(attended(name), { settings: AllSettings.ofPart(name) })

/** It needs neither database nor broker. */
const standIn = Ops.around("simulator", Provider.simulator, Ops.layerOn(opsPorts.simulator)).pipe(
  Layer.provide(Health.layer)
)

/** With a desk for operators. */
const attended = (service: Service) =>
  Ops.around(service, served(service), Ops.layerOn(opsPorts[service])).pipe(
    Layer.provide([ParkedMessages.layer, Auth.layer]),
    Layer.provide(Health.layer)
  )
