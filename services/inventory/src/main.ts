import * as Catalog from "@quartet/contracts/Catalog"
import * as Auth from "@quartet/hosting/Auth"
import * as AuthSettings from "@quartet/hosting/AuthSettings"
import * as ConnectionPool from "@quartet/hosting/ConnectionPool"
import * as Health from "@quartet/hosting/Health"
import * as HttpLimits from "@quartet/hosting/HttpLimits"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as ParkedMessages from "@quartet/hosting/ParkedMessages"
import * as Postgres from "@quartet/hosting/Postgres"
import * as Settings from "@quartet/hosting/Settings"
import * as Archive from "@quartet/messaging/Archive"
import * as DeliveryAudit from "@quartet/messaging/DeliveryAudit"
import * as KeyExpiry from "@quartet/messaging/KeyExpiry"
import * as Messaging from "@quartet/messaging/Messaging"
import * as Parking from "@quartet/messaging/Parking"
import * as Relay from "@quartet/messaging/Relay"
import { Config, Effect, Layer } from "effect"
import * as Actor from "./Actor.ts"
import { problems } from "./Api.ts"
import * as Http from "./Http.ts"
import * as Inbound from "./Inbound.ts"
import { migrations } from "./Migrations.ts"
import * as Recount from "./Recount.ts"
import * as Repository from "./Repository.ts"
import * as Views from "./Views.ts"

const port = Settings.port("INVENTORY_PORT", 3002)

const Requests = HttpServer.layer({
  name: "inventory",
  port,
  setting: "INVENTORY_PORT",
  api: Http.api,
  problems
})

/** What nobody here could handle waits for an operator, what was said can be said again, and levels recounted. */
const Desk = Layer.scopedDiscard(Effect.gen(function*() {
  const { sayAgain, sayAgainAbout } = yield* Archive.Archive
  yield* ParkedMessages.registerIfKept("inventory", {
    ...yield* Parking.Parking,
    sayAgain,
    sayAgainAbout,
    reconcile: yield* Recount.Recount
  })
}))

/** Every setting that the layer reads, but for those of its database and its broker. */
export const settings = Config.all([
  AuthSettings.settings,
  HttpLimits.config,
  ConnectionPool.settings,
  Settings.host,
  Archive.lifetime,
  KeyExpiry.lifetime,
  DeliveryAudit.every,
  port
])

/** What the broker lost is published again, and the service is not ready while a subscriber lacks it. */
const Deliveries = Layer.scopedDiscard(
  Effect.flatMap(
    DeliveryAudit.DeliveryAudit,
    ({ complete }) => Health.registerIfKept("inventory.deliveries", complete)
  )
).pipe(Layer.provide(DeliveryAudit.layer({ service: "inventory", subscriptions: Catalog.subscriptions })))

/** The inventory, but for what its process gives it: a database, a broker, settings and logs. */
export const layer = Layer.mergeAll(Requests, Inbound.layer, Relay.layer(), Deliveries, Desk).pipe(
  Layer.provide(Actor.layer),
  Layer.provide([Repository.layer, Views.layer, Recount.layer, Messaging.layer]),
  Layer.provide([Postgres.layer({ service: "inventory", migrations }), Auth.layer]),
  Layer.fresh // services that share a process share neither database nor outbox
)
