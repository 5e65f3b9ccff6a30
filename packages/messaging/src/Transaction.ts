import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { Cause, Context, Effect, Option } from "effect"
import { isSqlError } from "./SqlFailure.ts"

/**
 * The proof that a transaction is open. Whatever writes requires it and only `atomically` provides it, so a write
 * outside a transaction does not compile.
 *
 * @effect-leakable-service
 */
export class Transaction extends Context.Tag("@quartet/messaging/Transaction")<Transaction, {
  readonly open: true
}>() {}

/**
 * Runs the effect in one transaction: all of it is kept, or nothing.
 *
 * A `COMMIT` that fails, or a connection lost on the way, leaves `@effect/sql` as a defect; here it becomes the
 * `SqlError` it is, so that retries meet it. Its outcome is then unknown, and the work must be safe to repeat.
 * Transactions are never nested: a second one inside would be a savepoint of the first.
 */
export const atomically = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, SqlClient.SqlClient | Exclude<R, Transaction>> =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql.withTransaction(Effect.provideService(effect, Transaction, { open: true }))
  ).pipe(
    Effect.catchSomeCause((cause) => Option.map(Cause.find(cause, sqlDefect), (error) => Effect.fail(error)))
  )

/**
 * For `Effect.all`: the statements of several effects are sent one behind the other, in this order, without waiting for the
 * answer to one before the next is sent. The way to the database and back is paid once; the server handles them in the
 * order in which they were sent. A batch cannot be interrupted, so when one fails the others are answered all the same.
 */
export const together: { readonly concurrency: "unbounded" } = { concurrency: "unbounded" }

const sqlDefect = (cause: Cause.Cause<unknown>): Option.Option<SqlError.SqlError> =>
  Cause.isDieType(cause) && isSqlError(cause.defect) ? Option.some(cause.defect) : Option.none()
