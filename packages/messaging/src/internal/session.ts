import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { TransactionConnection } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect, Exit, Scope } from "effect"
import type { Write } from "../Write.ts"

type Sent = Effect.Effect<void, SqlError.SqlError>

/** A connection in a transaction of its own. */
export interface Session {
  readonly begin: Sent
  /** These and COMMIT behind them; it throws where one of them cannot be sent, and then nothing is. */
  readonly commit: (writes: ReadonlyArray<Write>) => ReadonlyArray<Sent>
  /** Has the statements of an effect go through this connection. */
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, TransactionConnection>>
}

/** Sets what is set for as long as the transaction is open. */
export const marking = "SET LOCAL quartet.transaction = 'open'"

/**
 * A condition that holds in a marked transaction alone. A statement that was sent behind a BEGIN that failed runs in a
 * transaction of its own, and must be able to tell.
 */
export const isOpen = "current_setting('quartet.transaction', true) = 'open'"

/** One message carries both, so that nothing is marked where BEGIN failed. */
const opening = `BEGIN; ${marking}`

/** Uses a connection of the pool, and leaves no transaction behind on it, whatever becomes of the work. */
export const inSession = <A, E, R>(
  use: (session: Session) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, R | SqlClient.SqlClient> =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      Effect.scopedWith((scope) =>
        Effect.flatMap(Scope.extend(sql.reserve, scope), (connection) => {
          const { isCommitted, session } = make(connection)
          return Effect.flatMap(
            Effect.exit(use(session)),
            (exit) => Exit.isSuccess(exit) || isCommitted() ? exit : Effect.zipRight(rollback(connection), exit)
          )
        })
      )
  ).pipe(Effect.uninterruptible)

const send = (connection: Connection, text: string, values: ReadonlyArray<unknown> = []): Sent =>
  Effect.asVoid(connection.execute(text, values, undefined))

/** A rollback that fails has lost its connection, and with it the transaction. */
const rollback = (connection: Connection) => Effect.ignore(send(connection, "ROLLBACK"))

const make = (connection: Connection) => {
  let committed = false
  const session: Session = {
    begin: send(connection, opening),
    commit: (writes) => {
      const compiled = writes.map(({ statement }) => statement.compile())
      if (!compiled.every(([, values]) => values.every(isPlain))) {
        throw new TypeError("A write has a value of no plain kind.")
      }
      committed = true
      return [...compiled.map(([text, values]) => send(connection, text, values)), send(connection, "COMMIT")]
    },
    within: Effect.provideService(TransactionConnection, [connection, 0])
  }
  return { session, isCommitted: () => committed }
}

/** What the driver sends as it is. Anything else it may refuse, when those before it were sent already. */
const isPlain = (value: unknown): boolean =>
  value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean"
