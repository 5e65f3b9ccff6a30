import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import type { ConfigError } from "effect"
import { Clock, Context, Duration, Effect, Layer, Ref, Schedule } from "effect"
import * as ConnectionPool from "./ConnectionPool.ts"
import { Database } from "./Database.ts"
import { check } from "./DatabaseCheck.ts"
import * as DatabaseOutage from "./DatabaseOutage.ts"
import { parse } from "./DatabaseUrl.ts"
import { registerIfKept } from "./Health.ts"
import type { MigrationFailed, Migrations } from "./Migrations.ts"
import { migrate } from "./Migrations.ts"
import { goStraight } from "./StraightStatements.ts"
import type { UnfitDatabase } from "./UnfitDatabase.ts"

/** What a service says about the database it needs. */
export interface PostgresOptions {
  /** Names the schema and, unless the operator gives one, the role. */
  readonly service: string
  /** Applied before the client can be used. */
  readonly migrations: Migrations
  /** Upper bound of the pool; `DATABASE_MAX_CONNECTIONS`, or 10, when absent. */
  readonly maxConnections?: number
}

/**
 * A client bound to the service's own schema, usable only after its migrations ran. Each call makes a client of its own,
 * so several services can live in one process. Rows arrive as PostgreSQL names them; `bigint` and `numeric` as strings.
 */
export const layer = (options: PostgresOptions): Layer.Layer<
  PgClient.PgClient | SqlClient.SqlClient,
  StartError,
  Database
> =>
  Layer.scopedContext(Effect.gen(function*() {
    const database = yield* Database
    const ready = yield* Ref.make<Effect.Effect<boolean, SqlError>>(Effect.succeed(false))
    yield* registerIfKept(`${options.service}.database`, Effect.flatten(Ref.get(ready)))
    const patiently = yield* untilReachable(options.service)
    const url = yield* patiently(database.connectionFor(options.service))
    yield* parse(url, `${options.service.toUpperCase()}_DATABASE_URL`)
    const pool = yield* ConnectionPool.acquire(options.service, url, options.maxConnections)
    const client = goStraight(yield* PgClient.fromPool({ acquire: Effect.succeed(pool), transformJson: false }))
    yield* patiently(check(client, options.service))
    yield* patiently(
      migrate(options.service, options.migrations).pipe(Effect.provideService(SqlClient.SqlClient, client))
    )
    yield* Ref.set(ready, Effect.as(client.unsafe(writing), true))
    return Context.make(PgClient.PgClient, client).pipe(Context.add(SqlClient.SqlClient, client))
  })).pipe(Layer.provide(Reactivity.layer))

/**
 * Changes nothing, and is refused like any other write: by a standby, where writes were stopped, or where our rights are gone
 * (H159).
 */
const writing = "UPDATE migrations SET name = name WHERE false"

/** How long the database may stay away at start: a minute, unless the process is told to wait longer. */
export class Patience extends Context.Reference<Patience>()("@quartet/hosting/Patience", {
  defaultValue: () => Duration.minutes(1)
}) {}

/** A dependency may come up later than we do (H166); whoever waits says so now and then. */
const untilReachable = Effect.fn("Postgres.untilReachable")(function*(service: string) {
  const schedule = Schedule.exponential("100 millis").pipe(
    Schedule.union(Schedule.spaced("2 seconds")),
    Schedule.jittered,
    Schedule.upTo(yield* Patience)
  )
  const toldAt = yield* Ref.make(Number.NEGATIVE_INFINITY)
  const tell = Effect.fnUntraced(function*(error: StartError) {
    const now = yield* Clock.currentTimeMillis
    const failed = sqlErrorOf(error)
    if (failed === undefined || !isOutage(error) || now - (yield* Ref.get(toldAt)) < betweenWarnings) return
    yield* Ref.set(toldAt, now)
    yield* Effect.logWarning(`The ${service} service waits for its database.`, DatabaseOutage.reasonOf(failed))
  })
  return <A, E extends StartError, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(Effect.tapError(tell), Effect.retry({ schedule, while: isOutage }))
})

/** Milliseconds. */
const betweenWarnings = 15_000

/** What a start can fail with. */
export type StartError = ConfigError.ConfigError | SqlError | MigrationFailed | UnfitDatabase

const isOutage = (error: StartError): boolean => {
  const failed = sqlErrorOf(error)
  return failed !== undefined && DatabaseOutage.isOutage(failed)
}

const sqlErrorOf = (error: StartError): SqlError | undefined => {
  const failed = error._tag === "MigrationFailed" ? error.cause : error
  return failed instanceof SqlError ? failed : undefined
}
