import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Setting from "@quartet/messaging/Setting"
import type { ConfigError } from "effect"
import { Clock, Config, Context, Duration, Effect, Layer, Predicate, Redacted, Ref, Runtime, Schedule } from "effect"
import * as Pg from "pg"
import { Database } from "./Database.ts"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import { parse, withSettings } from "./DatabaseUrl.ts"
import { registerIfKept } from "./Health.ts"
import type { MigrationFailed, Migrations } from "./Migrations.ts"
import { migrate } from "./Migrations.ts"
import { gatherWrites } from "./OneWrite.ts"
import { prepareStatements } from "./PreparedStatements.ts"
import { sessionLimits } from "./Provision.ts"
import { goStraight } from "./StraightStatements.ts"

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
  ConfigError.ConfigError | SqlError | MigrationFailed,
  Database
> =>
  Layer.scopedContext(Effect.gen(function*() {
    const database = yield* Database
    const check = yield* Ref.make<Effect.Effect<boolean, SqlError>>(Effect.succeed(false))
    yield* registerIfKept(`${options.service}.database`, Effect.flatten(Ref.get(check)))
    const patiently = yield* untilReachable(options.service)
    const url = yield* patiently(database.connectionFor(options.service))
    const pool = yield* acquirePool(options, url)
    const client = goStraight(yield* PgClient.fromPool({ acquire: Effect.succeed(pool), transformJson: false }))
    yield* patiently(
      migrate(options.service, options.migrations).pipe(Effect.provideService(SqlClient.SqlClient, client))
    )
    yield* Ref.set(check, Effect.as(client`SELECT 1`, true))
    return Context.make(PgClient.PgClient, client).pipe(Context.add(SqlClient.SqlClient, client))
  })).pipe(Layer.provide(Reactivity.layer))

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
    if (!isOutage(error) || now - (yield* Ref.get(toldAt)) < betweenWarnings) return
    yield* Ref.set(toldAt, now)
    yield* Effect.logWarning(`The ${service} service waits for its database.`, reasonOf(error))
  })
  return <A, E extends StartError, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(Effect.tapError(tell), Effect.retry({ schedule, while: isOutage }))
})

/** Milliseconds. */
const betweenWarnings = 15_000

type StartError = ConfigError.ConfigError | SqlError | MigrationFailed

/** Waiting does not help against wrong credentials, missing databases or rights, and wrong statements. */
const refusals = /^(0A|22|28|3D|3F|42)/

const isOutage = (error: StartError): boolean => {
  const failed = sqlErrorOf(error)
  return failed !== undefined && !refusals.test(codeOf(failed.cause))
}

const sqlErrorOf = (error: StartError): SqlError | undefined => {
  const failed = error._tag === "MigrationFailed" ? error.cause : error
  return failed instanceof SqlError ? failed : undefined
}

/** Why the driver could not do it: a code or a sentence, never a URL. */
const reasonOf = (error: StartError): string => {
  const cause = sqlErrorOf(error)?.cause
  const code = codeOf(cause)
  return code === "" && cause instanceof Error ? cause.message : code
}

const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : ""

/** Off for connection poolers that cannot keep a session's prepared statements. */
const prepares = Config.withDefault(Setting.flag("DATABASE_PREPARE"), true)
const mostConnections = Config.withDefault(Setting.whole("DATABASE_MAX_CONNECTIONS", { from: 1, to: 10_000 }), 10)

/** What every service's connection reads beside its URL. */
export const settings = Config.all({ prepares, mostConnections })

/**
 * A plan is kept with its statement, and tables that were empty when it was made grow. So what can be looked up by a key is
 * looked up by it, whatever the planner believes: never by reading a table, or an index, from end to end beside the few
 * rows of a batch. Where there is no such way it is not forbidden (PostgreSQL, "Planner Method Configuration").
 */
const planning = {
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  // So there is one way for all parameters. Left to itself, the planner plans a statement anew for each call, for a while
  // after it was prepared and for longer after its table grew and was analysed (PostgreSQL, "PREPARE").
  plan_cache_mode: "force_generic_plan"
} satisfies Record<string, string>

const acquirePool = Effect.fn("Postgres.acquirePool")(function*(options: PostgresOptions, url: DatabaseUrl) {
  const size = yield* mostConnections
  const parsed = yield* parse(url, `${options.service.toUpperCase()}_DATABASE_URL`)
  // Said to the session as well as set on the role, since an operator's own role may lack both.
  const bound = withSettings(parsed, { search_path: options.service, ...sessionLimits, ...planning })
  const runtime = yield* Effect.runtime()
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Pg.Pool({
        connectionString: Redacted.value(bound),
        max: options.maxConnections ?? size,
        // Bounds the wait for a free connection too: an exhausted pool is an error, not a hang (H155).
        connectionTimeoutMillis: 5000,
        // Under load a new connection costs tens of milliseconds: it is kept over the lulls between bursts.
        idleTimeoutMillis: 600_000,
        keepAlive: true,
        // Statements of one transaction may be sent without waiting for each other's answers.
        pipeline: true,
        application_name: `quartet ${options.service}`
      })
    ),
    (pool) => Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption("2 seconds"))
  )
  if (yield* prepares) pool.on("connect", prepareStatements)
  pool.on("connect", gatherWrites)
  // Without a listener, an idle connection that is cut would end the process (H156).
  let toldAt = Number.NEGATIVE_INFINITY
  pool.on("error", (error) => {
    // When the database goes, all connections go at once: one line tells of them.
    if (performance.now() - toldAt < betweenWarnings) return
    toldAt = performance.now()
    Runtime.runFork(runtime)(Effect.logWarning("An idle database connection was lost.", error.message))
  })
  return pool
})
