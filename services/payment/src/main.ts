import * as Catalog from "@quartet/contracts/Catalog"
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
import * as Breaker from "./Breaker.ts"
import * as Confirmation from "./Confirmation.ts"
import * as Errands from "./Errands.ts"
import * as Findings from "./Findings.ts"
import * as Gateway from "./Gateway.ts"
import * as Gauges from "./Gauges.ts"
import * as Http from "./Http.ts"
import * as Inbound from "./Inbound.ts"
import { migrations } from "./Migrations.ts"
import * as Passage from "./Passage.ts"
import * as ProviderAccount from "./ProviderAccount.ts"
import * as ProviderBooks from "./ProviderBooks.ts"
import * as Reconciler from "./Reconciler.ts"
import { makeSettleRefund } from "./RefundDesk.ts"
import * as Repository from "./Repository.ts"
import * as Signature from "./Signature.ts"
import * as Throttle from "./Throttle.ts"
import * as Views from "./Views.ts"

const port = Settings.port("PAYMENT_PORT", 3001)

const Requests = HttpServer.layer({
  name: "payment",
  port,
  setting: "PAYMENT_PORT",
  api: Http.api,
  problems,
  maxBodyBytes: 256 * 1024
})

/** What nobody here could handle waits for an operator, what was said can be said again, and books compared. */
const Desk = Layer.scopedDiscard(Effect.gen(function*() {
  const { sayAgain, sayAgainAbout } = yield* Archive.Archive
  const reconcile = yield* Reconciler.Reconciler
  yield* ParkedMessages.registerIfKept("payment", {
    ...yield* Parking.Parking,
    sayAgain,
    sayAgainAbout,
    reconcile,
    settleRefund: yield* makeSettleRefund
  })
}))

/** Every setting that the layer reads, but for those of its database and its broker. */
export const settings = Config.all([
  HttpLimits.config,
  ConnectionPool.settings,
  Settings.host,
  Archive.lifetime,
  KeyExpiry.lifetime,
  DeliveryAudit.every,
  port,
  Actor.policy,
  Breaker.settings,
  Throttle.settings,
  Gateway.connection,
  ProviderAccount.setting,
  Signature.secrets,
  Reconciler.window,
  Reconciler.period
])

/** What the broker lost is published again, and the service is not ready while a subscriber lacks it. */
const Deliveries = Layer.scopedDiscard(
  Effect.flatMap(
    DeliveryAudit.DeliveryAudit,
    ({ complete }) => Health.registerIfKept("payment.deliveries", complete)
  )
).pipe(Layer.provide(DeliveryAudit.layer({
  service: "payment",
  subscriptions: Catalog.subscriptions,
  claimedAs: { "payment-gateway": "payment" }
})))

/** The payment service, but for what its process gives it: a database, a broker, settings and logs. */
export const layer = Layer.mergeAll(Requests, Inbound.layer, Relay.layer(), Deliveries, Desk, Gauges.layer).pipe(
  Layer.provide(Reconciler.layer),
  Layer.provide([Errands.layer, Findings.layer]),
  Layer.provide([Confirmation.layer, ProviderAccount.layer]),
  Layer.provide([Actor.layer, Gateway.layer, ProviderBooks.layer, Passage.layer]),
  Layer.provide([Breaker.layer, Throttle.layer]),
  Layer.provide([Repository.layer, Views.layer, Messaging.layer]),
  Layer.provide(Postgres.layer({ service: "payment", migrations })),
  Layer.fresh // services that share a process share neither database nor outbox
)
