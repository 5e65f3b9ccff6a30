import { SqlError } from "@effect/sql"
import { Effect, Exit, Runtime } from "effect"
import type { Statement } from "../transaction/Statement.ts"
import type { Rows, Transaction } from "../transaction/Transaction.ts"
import { Transactions } from "../transaction/Transaction.ts"

/** Runs an effect with an open transaction, which is committed when the effect succeeds and rolled back otherwise. */
export const inTransaction = <A, E, R>(
  work: (transaction: Transaction) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, R | Transactions> =>
  Effect.gen(function*() {
    const { run } = yield* Transactions
    const runtime = yield* Effect.runtime<R>()
    const exit = yield* Effect.async<Exit.Exit<A, E | SqlError.SqlError>>((resume, signal) => {
      let done: Exit.Exit<A, E> | undefined
      run(async (transaction) => {
        done = await Runtime.runPromiseExit(runtime)(work(transaction), { signal })
        if (Exit.isFailure(done)) throw new Error("rolled back")
        return done
      }).then(
        (exit) => resume(Effect.succeed(exit)),
        (error: unknown) =>
          resume(Effect.succeed(done !== undefined && Exit.isFailure(done) ? done : Exit.fail(sqlErrorOf(error))))
      )
    })
    return yield* exit
  })

const sqlErrorOf = (error: unknown) =>
  error instanceof SqlError.SqlError ? error : new SqlError.SqlError({ cause: error, message: "Not sent" })

/** Runs one statement in the transaction. */
export const inside = ({ query }: Transaction, statement: Statement): Effect.Effect<Rows, SqlError.SqlError> =>
  Effect.tryPromise({
    try: () => query(statement),
    catch: sqlErrorOf
  })

/** Runs one statement in a transaction of its own. */
export const alone = (statement: Statement): Effect.Effect<Rows, SqlError.SqlError, Transactions> =>
  inTransaction((transaction) => inside(transaction, statement))
