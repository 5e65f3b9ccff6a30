import type { SqlClient, SqlError } from "@effect/sql"
import { Effect } from "effect"
import { textOf } from "./Json.ts"
import type { Transaction } from "./Transaction.ts"

/**
 * Locks the rows of a table that are about these orders, in the order of their ids, until the transaction ends. What they
 * are is read by a statement behind it: one that had to wait for a row would see that row as it is now, and all that it
 * joins or looks up beside it as it was before the wait. Source: PostgreSQL, "Read Committed Isolation Level".
 */
export const lockOrders =
  (sql: SqlClient.SqlClient, table: string) =>
  (ids: ReadonlyArray<string>): Effect.Effect<void, SqlError.SqlError, Transaction> =>
    Effect.asVoid(sql`
    SELECT 1 FROM ${sql(table)}
    WHERE order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${textOf(ids)}::json)))
    ORDER BY order_id FOR UPDATE`)
