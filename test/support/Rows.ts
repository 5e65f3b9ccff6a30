import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { System } from "./Addresses.ts"

/** A connection that may do everything in all schemas, for as long as the scope is open. */
export const superuser = Effect.gen(function*() {
  const { admin } = yield* System
  return yield* PgClient.make({ url: admin, maxConnections: 2, applicationName: "quartet test" })
}).pipe(Effect.provide(Reactivity.layer))

/** One statement as superuser, on a connection of its own. */
export const rowsOf = <A>(statement: (sql: PgClient.PgClient) => Effect.Effect<A, SqlError>) =>
  Effect.scoped(Effect.flatMap(superuser, statement))
