import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as SqlSchema from "@effect/sql/SqlSchema"
import { Effect, Schema } from "effect"
import { reasonOf } from "./DatabaseOutage.ts"

/** Migrations by name, `0001_outbox` for example; they run in the order of their names. */
export type Migrations = Readonly<Record<string, Effect.Effect<unknown, unknown, SqlClient.SqlClient>>>

/** A migration that could not be applied; none of those that ran with it remains. */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  schema: Schema.String,
  migration: Schema.String,
  cause: Schema.Defect
}) {
  override get message() {
    const reason = this.cause instanceof SqlError ? `: ${reasonOf(this.cause)}` : ""
    return `Migration ${this.migration} of schema ${this.schema} failed${reason}.`
  }
}

const Applied = Schema.Struct({ name: Schema.String })

/**
 * Applies what is missing, all in one transaction, under a lock that other processes wait for (H160). A migration is
 * known by its whole name and not by the highest number so far, so that one package may add a migration after another
 * package's higher number was applied.
 */
export const migrate = Effect.fn("Migrations.migrate")(function*(schema: string, migrations: Migrations) {
  const sql = yield* SqlClient.SqlClient
  const applied = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Applied,
    execute: () => sql`SELECT name FROM migrations`
  })

  const run = Effect.gen(function*() {
    // Waiting for another process to finish, and rewriting a table, may take longer than a request may.
    yield* sql`SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '10min', true)`
    yield* sql`SELECT pg_advisory_xact_lock(hashtextextended(${`quartet migrations ${schema}`}, 0))`
    yield* sql`CREATE TABLE IF NOT EXISTS migrations (
      name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`
    const done = new Set((yield* applied()).map(({ name }) => name))
    const missing = Object.entries(migrations).filter(([name]) => !done.has(name)).toSorted(byName)
    // Whatever a migration fails with becomes `MigrationFailed` here.
    // @effect-diagnostics-next-line anyUnknownInErrorContext:off
    for (const [name, migration] of missing) {
      // @effect-diagnostics-next-line anyUnknownInErrorContext:off
      yield* migration.pipe(Effect.mapError((cause) => new MigrationFailed({ schema, migration: name, cause })))
      yield* sql`INSERT INTO migrations (name) VALUES (${name})`
    }
    return missing.map(([name]) => name)
  })

  const names = yield* sql.withTransaction(run).pipe(
    Effect.catchTag("ParseError", Effect.die),
    // A COMMIT that fails is thrown by the library as a defect.
    Effect.catchAllDefect((defect) => defect instanceof SqlError ? Effect.fail(defect) : Effect.die(defect))
  )
  if (names.length > 0) yield* Effect.logInfo(`Applied ${names.join(", ")}.`).pipe(Effect.annotateLogs({ schema }))
  return names
})

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number => one < other ? -1 : 1
