import * as Setting from "@quartet/messaging/Setting"
import { Config, Effect, Redacted, Runtime } from "effect"
import * as Pg from "pg"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import { gatherWrites } from "./OneWrite.ts"
import { prepareStatements } from "./PreparedStatements.ts"
import { discardStale } from "./StaleConnections.ts"

/** Off for connection poolers that cannot keep a session's prepared statements. */
const prepares = Config.withDefault(Setting.flag("DATABASE_PREPARE"), true)
const mostConnections = Config.withDefault(Setting.whole("DATABASE_MAX_CONNECTIONS", { from: 1, to: 10_000 }), 10)

/** What every service's connections read beside their URL. */
export const settings = Config.all({ prepares, mostConnections })

/** Milliseconds. */
const betweenWarnings = 15_000

/**
 * The connections of one service. Nothing is set on a session: poolers hand sessions around, and refuse `options` in the
 * start packet. What a session must have, its role carries.
 */
export const acquire = Effect.fn("ConnectionPool.acquire")(
  function*(service: string, url: DatabaseUrl, maxConnections: number | undefined) {
    const size = yield* mostConnections
    const runtime = yield* Effect.runtime()
    const pool = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new Pg.Pool({
          connectionString: Redacted.value(url),
          max: maxConnections ?? size,
          // Bounds the wait for a free connection too: an exhausted pool is an error, not a hang (H155).
          connectionTimeoutMillis: 5000,
          // Under load a new connection costs tens of milliseconds: it is kept over the lulls between bursts.
          idleTimeoutMillis: 600_000,
          keepAlive: true,
          // Statements of one transaction may be sent without waiting for each other's answers.
          pipeline: true,
          application_name: `quartet ${service}`
        })
      ),
      (pool) => Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption("2 seconds"))
    )
    if (yield* prepares) pool.on("connect", prepareStatements)
    pool.on("connect", gatherWrites)
    discardStale(pool)
    // Without a listener, an idle connection that is cut would end the process (H156).
    let toldAt = Number.NEGATIVE_INFINITY
    pool.on("error", (error) => {
      // When the database goes, all connections go at once: one line tells of them.
      if (performance.now() - toldAt < betweenWarnings) return
      toldAt = performance.now()
      Runtime.runFork(runtime)(Effect.logWarning("An idle database connection was lost.", error.message))
    })
    return pool
  }
)
