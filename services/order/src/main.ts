import * as Catalog from "@quartet/contracts/Catalog"
import * as Problems from "@quartet/contracts/OrderProblems"
import * as Admission from "@quartet/hosting/Admission"
import * as Auth from "@quartet/hosting/Auth"
import * as AuthSettings from "@quartet/hosting/AuthSettings"
import * as ConnectionPool from "@quartet/hosting/ConnectionPool"
import * as Cors from "@quartet/hosting/Cors"
import * as Health from "@quartet/hosting/Health"
import * as HttpLimits from "@quartet/hosting/HttpLimits"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as ParkedMessages from "@quartet/hosting/ParkedMessages"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PublicEdge from "@quartet/hosting/PublicEdge"
import * as Settings from "@quartet/hosting/Settings"
import * as Archive from "@quartet/messaging/Archive"
import * as DeliveryAudit from "@quartet/messaging/DeliveryAudit"
import * as KeyExpiry from "@quartet/messaging/KeyExpiry"
import * as Messaging from "@quartet/messaging/Messaging"
import * as Parking from "@quartet/messaging/Parking"
import * as Relay from "@quartet/messaging/Relay"
import { Config, Effect, Layer } from "effect"
import * as Actor from "./Actor.ts"
import * as EventStreams from "./EventStreams.ts"
import * as Http from "./Http.ts"
import * as Inbound from "./Inbound.ts"
import { migrations } from "./Migrations.ts"
import * as OpenAnswers from "./OpenAnswers.ts"
import * as OperatorHttp from "./OperatorHttp.ts"
import * as PriceList from "./PriceList.ts"
import * as Rebuild from "./Rebuild.ts"
import * as Repository from "./Repository.ts"
import * as Summaries from "./Summaries.ts"
import * as Views from "./Views.ts"
import * as Watching from "./Watching.ts"

const port = Settings.port("ORDER_PORT", 3000)
const pricesPort = Settings.port("PRICES_PORT", 3004)

const Requests = HttpServer.layer({
  name: "order",
  port,
  setting: "ORDER_PORT",
  api: Http.api,
  held: OpenAnswers.connections,
  facing: PublicEdge.make,
  problems: Problems.pages
})

const Operators = HttpServer.layer({
  name: "prices",
  port: pricesPort,
  setting: "PRICES_PORT",
  api: OperatorHttp.api,
  problems: Problems.pages
})

/** What nobody here could handle waits for an operator, what was said can be said again, and lists made again. */
const Desk = Layer.scopedDiscard(Effect.gen(function*() {
  const { sayAgain, sayAgainAbout } = yield* Archive.Archive
  const rebuild = yield* Rebuild.Rebuild
  yield* ParkedMessages.registerIfKept("order", { ...yield* Parking.Parking, sayAgain, sayAgainAbout, rebuild })
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
  port,
  pricesPort,
  Admission.rates,
  Cors.origins,
  OpenAnswers.limits,
  OpenAnswers.customerLimits,
  Actor.policy
])

/** What the broker lost is published again, and the service is not ready while a subscriber lacks it. */
const Deliveries = Layer.scopedDiscard(
  Effect.flatMap(
    DeliveryAudit.DeliveryAudit,
    ({ complete }) => Health.registerIfKept("order.deliveries", complete)
  )
).pipe(Layer.provide(DeliveryAudit.layer({ service: "order", subscriptions: Catalog.subscriptions })))

/** The order service, but for what its process gives it: a database, a broker, settings and logs. */
export const layer = Layer.mergeAll(
  Requests,
  Layer.discard(Operators),
  Inbound.layer,
  Summaries.layer,
  Rebuild.worker,
  Relay.layer(),
  Deliveries,
  Desk
).pipe(
  Layer.provide([Actor.layer, EventStreams.layer]),
  Layer.provide(Watching.layer),
  Layer.provide([Repository.layer, Views.layer, Rebuild.layer, PriceList.layer, Messaging.layer]),
  Layer.provide([Postgres.layer({ service: "order", migrations }), Auth.layer]),
  Layer.fresh // services that share a process share neither database nor outbox
)
