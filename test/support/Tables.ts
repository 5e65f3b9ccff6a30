import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Deferred, Effect, Fiber, Schema } from "effect"
import { System } from "./Addresses.ts"

/** A look into the tables, past every service, as the database's owner. */
const asAdmin = <A, E, R>(use: (sql: PgClient.PgClient) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { admin } = yield* System
    return yield* use(yield* PgClient.make({ url: admin, maxConnections: 1, applicationName: "test" }))
  }).pipe(Effect.scoped, Effect.provide(Reactivity.layer))

/** Runs statements as they stand. */
export const execute = (statements: string) => asAdmin((sql) => sql.unsafe(statements))

/** Rows of a query. */
export const rows = <A, I>(row: Schema.Schema<A, I>, query: string, values: ReadonlyArray<string> = []) =>
  asAdmin((sql) => Effect.flatMap(sql.unsafe(query, [...values]), Schema.decodeUnknown(Schema.Array(row))))

const Counted = Schema.Struct({ count: Schema.NumberFromString })

/** How many rows there are: `from` is what follows `SELECT count(*) FROM`. */
export const count = (from: string, ...values: ReadonlyArray<string>) =>
  Effect.map(rows(Counted, `SELECT count(*) AS count FROM ${from}`, values), ([row]) => row?.count ?? 0)

/** Runs while nobody else can read or write the table: its service can do nothing until then. */
export const whileLocked = <A, E, R>(table: string, run: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const locked = yield* Deferred.make<void>()
    const done = yield* Deferred.make<void>()
    const holder = yield* Effect.fork(asAdmin((sql) =>
      sql.withTransaction(
        sql.unsafe(`LOCK TABLE ${table}`).pipe(
          Effect.zipRight(Deferred.succeed(locked, undefined)),
          Effect.zipRight(Deferred.await(done))
        )
      )
    ))
    yield* Effect.raceFirst(Deferred.await(locked), Fiber.join(holder))
    return yield* Effect.ensuring(run, Effect.zipRight(Deferred.succeed(done, undefined), Fiber.await(holder)))
  })
