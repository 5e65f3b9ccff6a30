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
import type { PostgresOptions, StartError } from "../Postgres.ts"
import * as Postgres from "../Postgres.ts"
// Types what `inject` gives.
import "./globalSetup.ts"

/** How a test may have its database: `statements` are run in it before anybody else enters, `%I` in them being its name. */
export interface DatabaseOptions {
  readonly statements?: ReadonlyArray<string>
  /** What follows its name where it is made. */
  readonly as?: string
}

/** An empty database that nobody provisioned, and the superuser's way in; it is dropped with its roles. */
export const emptyDatabase = Effect.fn("PostgresTest.emptyDatabase")(
  function*({ as = "", statements = [] }: DatabaseOptions = {}) {
    const url = yield* parse(Redacted.make(inject("databaseUrl")), "databaseUrl")
    const name = `quartet_test_${randomBytes(6).toString("hex")}`
    const sql = yield* PgClient.make({ url: Redacted.make(url.toString()), maxConnections: 1 })
    yield* Effect.acquireRelease(sql.unsafe(`CREATE DATABASE ${name} ${as}`), () => Effect.orDie(drop(sql, name)))
    yield* Effect.forEach(statements, (statement) => sql.unsafe(statement.replaceAll("%I", name)), { discard: true })
    return { name, admin: withDatabase(url, name), server: sql }
  },
  Effect.provide(Reactivity.layer)
)

/** The roles' passwords: a server that trusts everybody on this machine is entered without one. */
const secret = Redacted.make("a secret for the roles of tests")

const makeDatabase = (options: DatabaseOptions = {}): Layer.Layer<Database, ConfigError.ConfigError | SqlError> =>
  Layer.unwrapScoped(Effect.map(
    emptyDatabase(options),
    ({ admin, name }) => layerProvisioned({ admin, prefix: name, secret })
  ))

/**
 * A fresh database for the test that provides it, with roles of its own; all of it is dropped when the scope closes.
 * Services built together share it.
 */
export const database: Layer.Layer<Database, ConfigError.ConfigError | SqlError> = makeDatabase()

/** The same with settings, or made otherwise than usual. */
export const databaseWith = makeDatabase

/**
 * A client on a schema in a database made for this call, with its migrations applied; the `Database` is there as well.
 */
export const layer = (options: PostgresOptions): Layer.Layer<
  PgClient.PgClient | SqlClient.SqlClient | Database,
  StartError
> => Layer.provideMerge(Postgres.layer(options), makeDatabase())

const drop = Effect.fn("PostgresTest.drop")(function*(sql: PgClient.PgClient, name: string) {
  yield* sql.unsafe(`DROP DATABASE ${name} WITH (FORCE)`)
  yield* sql.unsafe(`
    DO $do$ DECLARE found name; BEGIN
      FOR found IN SELECT rolname FROM pg_roles
        WHERE starts_with(rolname, '${name}_') OR starts_with(rolname, 'quartet_${name}_') LOOP
        EXECUTE format('DROP ROLE %I', found);
      END LOOP;
    END $do$`)
})
