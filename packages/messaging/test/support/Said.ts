import { SqlClient } from "@effect/sql"
import { DateTime, Effect } from "effect"
import type { Outgoing } from "../../src/Message.ts"
import * as Outbox from "../../src/Outbox.ts"
import { alone, inside } from "../../src/testing/InTransaction.ts"
import type { Transaction } from "../../src/transaction/Transaction.ts"
import { countOf } from "./Counter.ts"

const appended = (messages: ReadonlyArray<Outgoing>) => {
  const lineage = { causationId: "c", correlationId: "c" }
  return Effect.map(DateTime.now, (now) => Outbox.append(messages.map((message) => ({ message, lineage })), now))
}

/** Appends these in one transaction; `wake` is left to the test. */
export const append = (...messages: ReadonlyArray<Outgoing>) => Effect.flatMap(appended(messages), alone)

/** Appends these in a transaction that is open. */
export const appendIn = (transaction: Transaction, ...messages: ReadonlyArray<Outgoing>) =>
  Effect.flatMap(appended(messages), (statement) => inside(transaction, statement))

/** How many wait to be said. */
export const unpublished = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => countOf(sql`SELECT count(*) AS n FROM outbox_unsent`)
)
