import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { ConfigError } from "effect"
import { Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"
import type { Database } from "../Database.ts"
import { layerProvisioned } from "../Database.ts"
import { parse, withDatabase } from "../DatabaseUrl.ts"
import type { MigrationFailed } from "../Migrations.ts"
import type { PostgresOptions } from "../Postgres.ts"
import * as Postgres from "../Postgres.ts"
// Types what `inject` gives.
import "./globalSetup.ts"

const makeDatabase = (): Layer.Layer<Database, ConfigError.ConfigError | SqlError> =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const url = yield* parse(Redacted.make(inject("databaseUrl")), "databaseUrl")
    const name = `quartet_test_${randomBytes(6).toString("hex")}`
    const sql = yield* PgClient.make({ url: Redacted.make(url.toString()), maxConnections: 1 })
    yield* Effect.acquireRelease(sql.unsafe(`CREATE DATABASE ${name}`), () => Effect.orDie(drop(sql, name)))
    return layerProvisioned({ admin: withDatabase(url, name), prefix: name })
  })).pipe(Layer.provide(Reactivity.layer))

/**
 * A fresh database for the test that provides it, with roles of its own; all of it is dropped when the scope closes.
 * Services built together share it.
 */
export const database: Layer.Layer<Database, ConfigError.ConfigError | SqlError> = makeDatabase()

/**
 * A client on a schema in a database made for this call, with its migrations applied; the `Database` is there as well.
 */
export const layer = (options: PostgresOptions): Layer.Layer<
  PgClient.PgClient | SqlClient.SqlClient | Database,
  ConfigError.ConfigError | SqlError | MigrationFailed
> => Layer.provideMerge(Postgres.layer(options), makeDatabase())

const drop = Effect.fn("PostgresTest.drop")(function*(sql: PgClient.PgClient, name: string) {
  yield* sql.unsafe(`DROP DATABASE ${name} WITH (FORCE)`)
  yield* sql.unsafe(`
    DO $do$ DECLARE found name; BEGIN
      FOR found IN SELECT rolname FROM pg_roles WHERE starts_with(rolname, '${name}_') LOOP
        EXECUTE format('DROP ROLE %I', found);
      END LOOP;
    END $do$`)
})
