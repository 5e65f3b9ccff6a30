import type { SqlClient, SqlError } from "@effect/sql"
import type { Effect } from "effect"

/** The provider's own record, as text for a statement: what it says nobody else wrote. */
export interface LedgerText {
  readonly intents: string
  readonly refunds: string
}

/** One promise about the whole system once it is at rest, and how to find what breaks it. */
export interface Law {
  /** As the promises are numbered in docs/INVARIANTS.md. */
  readonly id: string
  readonly says: string
  /** A row for each breach, told so that a person finds it. */
  readonly breaches: (
    sql: SqlClient.SqlClient,
    ledger: LedgerText
  ) => Effect.Effect<ReadonlyArray<{ readonly breach: string }>, SqlError.SqlError>
}
