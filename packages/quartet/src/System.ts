import * as Catalog from "@quartet/contracts/Catalog"
import * as Health from "@quartet/hosting/Health"
import * as Ops from "@quartet/hosting/Ops"
import * as Settings from "@quartet/hosting/Settings"
import * as Inventory from "@quartet/inventory/main"
import * as InProcessBroker from "@quartet/messaging/InProcessBroker"
import * as Order from "@quartet/order/main"
import * as Payment from "@quartet/payment/main"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import * as Warehouse from "@quartet/warehouse/main"
import { Config, ConfigProvider, Effect, Layer, Option, Redacted } from "effect"
import { join } from "node:path"
import { Ports } from "./Ports.ts"

/** Whether payments go to the provider itself: they do as soon as a key of it is set. */
const isReal = Config.option(Config.nonEmptyString("STRIPE_API_KEY")).pipe(Config.map(Option.isSome))

const webhookSecret = Config.redacted(Config.nonEmptyString("STRIPE_WEBHOOK_SECRET")).pipe(
  Config.withDefault(Redacted.make("whsec_quartet_development"))
)

/** The provider's stand-in; it keeps its ledger beside the database. */
const simulator = Effect.gen(function*() {
  const ports = yield* Ports
  return Simulator.layer({
    host: yield* Settings.host,
    port: ports.simulator,
    apiKey: Option.none(),
    webhookUrl: Option.some(`http://127.0.0.1:${ports.payment}/webhooks/stripe`),
    webhookSecret: yield* webhookSecret,
    dataFolder: Option.some(join(yield* Settings.home, "stripe-simulator"))
  })
})

const isGiven = (name: string) => Effect.map(Config.option(Config.nonEmptyString(name)), Option.isSome)

/** What the payment service must know to find the stand-in; the process's own settings come first, also wrong ones. */
const simulatorSettings = Effect.gen(function*() {
  const { simulator } = yield* Ports
  const found = new Map([["STRIPE_WEBHOOK_SECRET", Redacted.value(yield* webhookSecret)]])
  if (!(yield* isGiven("STRIPE_API_BASE"))) found.set("STRIPE_API_BASE", `http://127.0.0.1:${simulator}`)
  const given = yield* Effect.configProviderWith(Effect.succeed)
  return Layer.setConfigProvider(ConfigProvider.orElse(given, () => ConfigProvider.fromMap(found)))
})

/** The four services side by side. They share the process, and nothing else but the broker between them. */
const services = Layer.mergeAll(Order.layer, Payment.layer, Inventory.layer, Warehouse.layer)

/**
 * The whole quartet in one process, with the broker between the services and, unless a real key is set, the provider's
 * stand-in. It wants to be told where PostgreSQL is.
 */
export const layer = Layer.unwrapEffect(Effect.gen(function*() {
  if (yield* isReal) return services
  return Layer.provide(services, yield* simulatorSettings).pipe(Layer.merge(yield* simulator))
})).pipe(
  Layer.provide(InProcessBroker.layer(Catalog.subscriptions)),
  Layer.merge(Ops.layer),
  Layer.provide(Health.layer)
)
