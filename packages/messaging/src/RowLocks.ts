import { textOf } from "./Json.ts"
import type { Statement } from "./transaction/Statement.ts"
import { raw, statement } from "./transaction/Statement.ts"

/**
 * Locks the rows of a table that are about these orders, in the order of their ids, until the transaction ends. What they
 * are is read by a statement behind it: one that had to wait for a row would see that row as it is now, and all that it
 * joins or looks up beside it as it was before the wait. Source: PostgreSQL, "Read Committed Isolation Level".
 */
export const lockOrders = (table: string, ids: ReadonlyArray<string>): Statement =>
  statement`
    SELECT 1 FROM ${raw(table)}
    WHERE order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${textOf(ids)}::json)))
    ORDER BY order_id FOR UPDATE`
