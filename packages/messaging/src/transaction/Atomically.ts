import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { Cause, Effect, Option } from "effect"
import { isSqlError } from "../SqlFailure.ts"

/**
 * Runs the effect in one transaction of the `SqlClient`: all of it is kept, or nothing. It is for what operators and
 * workers do now and then; messages and requests are handled in `Transactions`.
 *
 * A `COMMIT` that fails, or a connection lost on the way, leaves `@effect/sql` as a defect; here it becomes the
 * `SqlError` it is, so that retries meet it. Its outcome is then unknown, and the work must be safe to repeat.
 * Transactions are never nested: a second one inside would be a savepoint of the first.
 */
export const atomically = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, SqlClient.SqlClient | R> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(effect)).pipe(
    Effect.catchSomeCause((cause) => Option.map(Cause.find(cause, sqlDefect), (error) => Effect.fail(error)))
  )

const sqlDefect = (cause: Cause.Cause<unknown>): Option.Option<SqlError.SqlError> =>
  Cause.isDieType(cause) && isSqlError(cause.defect) ? Option.some(cause.defect) : Option.none()
