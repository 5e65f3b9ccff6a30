import { NodeHttpClient } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { subscriptions } from "@quartet/contracts/Catalog"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { Broker } from "@quartet/messaging/Broker"
import * as InProcessBroker from "@quartet/messaging/InProcessBroker"
import { publishing } from "@quartet/messaging/testing/Publishing"
import { ConfigProvider, Effect, Layer, Logger, LogLevel } from "effect"
import * as main from "../src/main.ts"
import { migrations } from "../src/Migrations.ts"
import * as E from "./support/Edge.ts"

const own = subscriptions.filter(({ service }) => service === "order")

/** A broker with the order service alone; what only others hear is taken for heard. */
const alone = Layer.effect(
  Broker,
  Effect.map(Broker, ({ deliveries, publish }) =>
    Broker.of({
      deliveries,
      ready: Effect.succeed(true),
      ...publishing((publication) =>
        own.some(({ types }) => types.includes(publication.type)) ? publish(publication) : Effect.void
      )
    }))
).pipe(Layer.provide(InProcessBroker.layer(own)))

const settings = Layer.setConfigProvider(ConfigProvider.fromMap(
  new Map([
    ...Object.entries(TokenKeys.issuing),
    ["ORDER_PORT", "0"],
    ["PRICES_PORT", "0"],
    ["ORDER_DRAFT_EXPIRES_AFTER", "300 millis"],
    ["ORDER_HOLD_EXPIRES_AFTER", "300 millis"]
  ])
))

const service = main.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(DevelopmentIssuer.layer, NodeHttpClient.layer)),
  Layer.provide(alone),
  Layer.provideMerge(Postgres.layer({ service: "order", migrations })),
  Layer.provide(PostgresTest.database),
  Layer.provide([settings, Logger.minimumLogLevel(LogLevel.Warning)])
)

layer(service, { excludeTestServices: true, timeout: 60_000 })("the order service as it is plugged together", (it) => {
  it.effect("lets a draft run out that stock never answered, and lists it (H40)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO products (sku, name, price_amount, price_currency, updated_at)
        VALUES ('TEA', 'The TEA', 890, 'EUR', now()), ('POT', 'The POT', 5900, 'EUR', now())`
      const as = E.newCustomer()
      const placed = yield* E.call("POST", "/orders", { as, body: E.tea, headers: { prefer: "wait=20" } })
      assert.deepStrictEqual(E.shown(placed).status, "Cancelled")
      assert.deepInclude(E.json(placed), { reason: "draft_expired", version: 2 })
      const listed = yield* until(E.call("GET", "/orders", { as }), ({ text }) => text.includes("Cancelled"))
      assert.include(listed.text, E.shown(placed).id)
    }))
})

const until = <A, Err, R>(effect: Effect.Effect<A, Err, R>, isSo: (found: A) => boolean): Effect.Effect<A, Err, R> =>
  Effect.flatMap(
    effect,
    (found) => isSo(found) ? Effect.succeed(found) : Effect.delay(until(effect, isSo), "10 millis")
  )
