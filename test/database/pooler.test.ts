import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it as plain, layer } from "@effect/vitest"
import { layerProvisioned, layerUrl } from "@quartet/hosting/Database"
import { parse, withDatabase } from "@quartet/hosting/DatabaseUrl"
import { sentenceOf } from "@quartet/hosting/Launch"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { ConfigProvider, Duration, Effect, Layer, Redacted } from "effect"
import * as PgBouncer from "../support/PgBouncer.ts"
import { purchases } from "../support/Purchase.ts"
import { brokenAtRest } from "../support/Shop.ts"
import * as System from "../support/System.ts"

const isThere = await Effect.runPromise(PgBouncer.isThere)

/** A fresh database, and the way to it through the pooler. */
const pooled = Effect.gen(function*() {
  const { admin, name } = yield* PostgresTest.emptyDatabase()
  const pooler = yield* PgBouncer.inFrontOf(admin)
  return { name, admin, pooler: withDatabase(yield* parse(pooler.url, "pooler"), name), said: pooler.said }
})

const behindPooler = Layer.unwrapScoped(
  Effect.map(
    pooled,
    ({ name, pooler }) =>
      layerProvisioned({ admin: pooler, prefix: name, secret: Redacted.make("a secret for roles behind a pooler") })
  )
)

const system = System.layerOn(behindPooler, { DATABASE_PREPARE: "false" })

if (isThere) {
  layer(system, { excludeTestServices: true, timeout: 150_000 })("behind a pooler of transactions", (it) => {
    it.effect("many orders at once ship or are declined, over four sessions of each role, and every promise is kept", () =>
      Effect.gen(function*() {
        yield* Effect.all(Array.from({ length: 4 }, () => purchases), { concurrency: 4 })
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }))
  })
}

const start = (url: URL) =>
  Layer.build(Postgres.layer({ service: "order", migrations: {} }).pipe(Layer.provide(layerUrl))).pipe(
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map([["ORDER_DATABASE_URL", url.toString()], ["DATABASE_PREPARE", "false"]]))
    ),
    // As patient as a service that waits for its database for ever.
    Effect.provideService(Postgres.Patience, Duration.infinity),
    Effect.flip,
    Effect.map(sentenceOf),
    Effect.timeout("20 seconds"),
    Effect.scoped
  )

describe.skipIf(!isThere)("a start behind a pooler", () => {
  plain.live.each([
    {
      what: "refuses what the URL has in its start packet",
      change: (url: URL) => url.searchParams.set("options", "-c geqo=off"),
      says: /unsupported startup parameter: options/
    },
    {
      what: "does not know the role",
      change: (url: URL) => {
        url.username = "nobody_of_this_name"
      },
      says: /no such user|authentication failed/
    },
    {
      what: "is given a wrong password",
      change: (url: URL) => {
        url.password = "wrong"
      },
      says: /authentication failed/
    }
  ])(
    "ends with the pooler's own words where it $what, however patient it is",
    ({ change, says }) =>
      Effect.gen(function*() {
        const url = yield* parse((yield* pooled).pooler, "pooler")
        change(url)
        assert.match(yield* start(url), says)
      }).pipe(Effect.scoped)
  )

  plain.live(
    "finds sessions that lack their settings, and says what to run",
    () =>
      Effect.gen(function*() {
        const { admin, name, pooler } = yield* pooled
        const root = yield* PgClient.make({ url: admin, maxConnections: 1 })
        yield* root.unsafe(
          `CREATE ROLE ${name}_own LOGIN PASSWORD 'own'; CREATE SCHEMA "order" AUTHORIZATION ${name}_own`
        )
        const url = yield* parse(pooler, "pooler")
        url.username = `${name}_own`
        url.password = "own"
        const said = yield* start(url)
        assert.include(said, `ALTER ROLE "${name}_own" IN DATABASE "${name}" SET search_path = "order";`)
        assert.include(said, "A pooler must then be told to reconnect.")
      }).pipe(Effect.scoped, Effect.provide(Reactivity.layer))
  )
})
