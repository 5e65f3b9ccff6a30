import { SqlError } from "@effect/sql"
import { Context, Effect } from "effect"
import type { Statement } from "./Statement.ts"

/** What a statement gives: rows as the driver makes them, before they are decoded. */
export type Rows = ReadonlyArray<unknown>

/**
 * An open transaction, as a value: only who holds it can run a statement in it. What it does is plain code, since it is
 * done for each statement; a failure is an `SqlError`.
 */
export interface Transaction {
  /** Sends the statement behind those that were sent before. Statements of one turn of the event loop leave together. */
  readonly query: (statement: Statement) => Promise<Rows>
  /** Keeps the statement to the end of the transaction, when all that are kept are sent together with COMMIT. */
  readonly defer: (statement: Statement) => void
}

/**
 * The database of a service, for what is done for each message and each request. Everything else may use `SqlClient`.
 *
 * A transaction is BEGIN and the statements of the first turn in one go, and COMMIT behind the deferred ones in another.
 */
export class Transactions extends Context.Tag("@quartet/messaging/Transactions")<Transactions, {
  /** Runs the work in a transaction of its own; it is rolled back when the work, one of its statements or COMMIT fails. */
  readonly run: <A>(work: (transaction: Transaction) => Promise<A>) => Promise<A>
  /** Runs one statement outside of any transaction. */
  readonly query: (statement: Statement) => Promise<Rows>
}>() {}

/** Runs one statement outside of any transaction, as an effect. */
export const queried = (
  { query }: Pick<Transactions["Type"], "query">,
  statement: Statement
): Effect.Effect<Rows, SqlError.SqlError> =>
  Effect.tryPromise({
    try: () => query(statement),
    catch: (error) =>
      error instanceof SqlError.SqlError
        ? error
        : new SqlError.SqlError({ cause: error, message: "Failed to execute statement" })
  })

/**
 * A condition that holds inside of `Transactions.run` alone. A statement that was sent behind a BEGIN that failed would
 * run in a transaction of its own, and must be able to tell.
 */
export const isOpen = "current_setting('quartet.transaction', true) = 'open'"

/** Opens a transaction and marks it, in one message, so that nothing is marked where BEGIN failed. */
export const opening = "BEGIN; SET LOCAL quartet.transaction = 'open'"
