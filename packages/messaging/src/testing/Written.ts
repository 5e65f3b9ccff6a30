import type { SqlError } from "@effect/sql"
import { Effect } from "effect"
import { Transaction } from "../Transaction.ts"
import type { Write } from "../Write.ts"

/** Sends one write by itself and waits for it, in the transaction that is open. */
export const written = ({ statement }: Write): Effect.Effect<void, SqlError.SqlError, Transaction> =>
  Effect.zipRight(Transaction, Effect.asVoid(statement))
