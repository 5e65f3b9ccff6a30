import * as Catalog from "@quartet/contracts/Catalog"
import * as Auth from "@quartet/hosting/Auth"
import * as Health from "@quartet/hosting/Health"
import * as Ops from "@quartet/hosting/Ops"
import * as ParkedMessages from "@quartet/hosting/ParkedMessages"
import * as Inventory from "@quartet/inventory/main"
import * as InProcessBroker from "@quartet/messaging/InProcessBroker"
import * as Order from "@quartet/order/main"
import * as Payment from "@quartet/payment/main"
import * as Warehouse from "@quartet/warehouse/main"
import { Effect, Layer } from "effect"
import * as Provider from "./Provider.ts"

/** The four services side by side. They share the process, and nothing else but the broker between them. */
const services = Layer.mergeAll(Order.layer, Payment.layer, Inventory.layer, Warehouse.layer).pipe(
  Layer.provide(Provider.settings),
  Layer.provide(InProcessBroker.layer(Catalog.subscriptions))
)

const parts = Layer.unwrapEffect(
  Effect.map(Provider.isReal, (isReal) => isReal ? services : Layer.merge(services, Provider.simulator))
)

/**
 * The whole quartet in one process, with the broker between the services and, unless a real key is set, the provider's
 * stand-in. It wants to be told where PostgreSQL is.
 */
export const layer = Ops.around("quartet", parts, Ops.layer).pipe(
  Layer.provide([ParkedMessages.layer, Auth.layer]),
  Layer.provide(Health.layer)
)
