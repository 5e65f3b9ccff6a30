import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import type { TransactionConnection } from "@effect/sql/SqlClient"
import { Cause, Context, Effect, Exit, Fiber, Option } from "effect"
import { inSession, marking } from "./internal/session.ts"
import { isSqlError } from "./SqlFailure.ts"
import type { Write } from "./Write.ts"

/**
 * The proof that a transaction is open. Whatever claims or locks requires it, and only what opens one provides it, so that
 * outside of a transaction it does not compile; whatever else writes is a `Write`, which a transaction alone sends.
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
    (sql) => sql.withTransaction(Effect.zipRight(sql.unsafe(marking), opened(effect)))
  ).pipe(
    Effect.catchSomeCause((cause) => Option.map(Cause.find(cause, sqlDefect), (error) => Effect.fail(error)))
  )

/** What a transaction ends with: what it writes, and what it came to. */
export interface Ending<A> {
  readonly writes: ReadonlyArray<Write>
  readonly result: A
}

/**
 * A transaction in two ways to the database and back: what is looked up is sent behind BEGIN, and COMMIT behind what is
 * written. So whatever the first of them claims must be written under the condition `isOpen`; where a statement fails, the
 * server itself makes a ROLLBACK of the COMMIT behind it. It has a connection of its own and cannot be interrupted.
 */
export const inTwoGoes = <Found, E, R, A>(
  first: Effect.Effect<Found, E, R>,
  second: (found: Found) => Ending<A>
): Effect.Effect<A, E | SqlError.SqlError, SqlClient.SqlClient | WithoutOwn<R>> =>
  inSession(({ begin, commit, within }) =>
    Effect.flatMap(inOneGo(begin, within(opened(first))), ([, found]) =>
      Effect.suspend(() => {
        const { result, writes } = second(found)
        return Effect.as(allInOneGo(commit(writes)), result)
      }))
  )

type WithoutOwn<R> = Exclude<Exclude<R, Transaction>, TransactionConnection>

const opened = Effect.provideService(Transaction, { open: true })

/**
 * Sends the statements of the second behind those of the first, without waiting for the answers to these. The way to the
 * database and back is paid once, and the server handles them in the order in which they were sent. Whatever fails, both
 * are answered before this ends; it cannot be interrupted. For more than two the second is such a pair again.
 *
 * Only the first has a fiber of its own. `Effect.all` gives each one and watches over them, which costs several times
 * what a statement does.
 */
export const inOneGo = <A, E, R, B, E2, R2>(
  first: Effect.Effect<A, E, R>,
  second: Effect.Effect<B, E2, R2>
): Effect.Effect<readonly [A, B], E | E2, R | R2> =>
  Effect.flatMap(Effect.forkDaemon(first), (sent) =>
    // The yield lets the first send what it has before the second does.
    Effect.flatMap(
      Effect.exit(Effect.zipRight(Effect.yieldNow(), second)),
      (own) => Effect.flatMap(Fiber.await(sent), (other) => bothOf(other, own))
    )).pipe(Effect.uninterruptible)

/** The same for any number of which nothing is asked but that they are done. */
export const allInOneGo = <E, R>(effects: ReadonlyArray<Effect.Effect<void, E, R>>): Effect.Effect<void, E, R> => {
  const [first, ...others] = effects
  if (first === undefined) return Effect.void
  return others.length === 0 ? first : Effect.asVoid(inOneGo(first, allInOneGo(others)))
}

const bothOf = <A, E, B, E2>(first: Exit.Exit<A, E>, second: Exit.Exit<B, E2>): Exit.Exit<readonly [A, B], E | E2> => {
  if (Exit.isSuccess(first)) return Exit.map(second, (other): readonly [A, B] => [first.value, other])
  return Exit.failCause(Exit.isFailure(second) ? Cause.parallel(first.cause, second.cause) : first.cause)
}

const sqlDefect = (cause: Cause.Cause<unknown>): Option.Option<SqlError.SqlError> =>
  Cause.isDieType(cause) && isSqlError(cause.defect) ? Option.some(cause.defect) : Option.none()
