import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import { forReading } from "./SessionSettings.ts"

/**
 * A look at all schemas, by whoever may read them. It is one transaction that cannot write, with settings of its own: what
 * the database, its owner's role or a pooler have otherwise does not count.
 */
export const reading = <A, E, R>(
  admin: DatabaseUrl,
  name: string,
  use: (sql: PgClient.PgClient) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> =>
  PgClient.make({ url: admin, maxConnections: 1, applicationName: name }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.flatMap((sql) =>
      sql.withTransaction(Effect.zipRight(
        sql.unsafe(forReading),
        use(sql)
      ))
    ),
    // A COMMIT that fails is thrown by the library as a defect.
    Effect.catchAllDefect((defect) => defect instanceof SqlError ? Effect.fail(defect) : Effect.die(defect)),
    Effect.scoped
  )
