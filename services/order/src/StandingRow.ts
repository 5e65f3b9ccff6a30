import type { SqlClient, SqlError } from "@effect/sql"
import { SqlSchema } from "@effect/sql"
import { CustomerId } from "@quartet/contracts/Ids"
import { Effect, Schema } from "effect"
import type { Limits } from "./domain/Standing.ts"
import { Standing } from "./domain/Standing.ts"

/**
 * How these customers stand, as one statement. No more rows are read of one than their limits ask for, however many there
 * are: it is enough to know that the limit is reached, and when the last of so many failures that count will be forgotten.
 */
export const standings = (sql: SqlClient.SqlClient, limits: Limits, customers: string) =>
  sql`
    SELECT c.id AS "customerId", o.count AS "openOrders", f.count AS "failedPayments", f.oldest AS "oldestFailure"
    FROM json_array_elements_text(${customers}::json) AS c (id)
    CROSS JOIN LATERAL (SELECT count(*)::integer AS count FROM (
      SELECT 1 FROM orders WHERE customer_id = c.id AND status IN ('Draft', 'Reserved', 'PaymentPending')
      LIMIT ${limits.openOrders}::integer) AS open) AS o
    CROSS JOIN LATERAL (SELECT count(*)::integer AS count, min(at) AS oldest FROM (
      SELECT t.at FROM orders AS o JOIN order_transitions AS t ON t.order_id = o.order_id
      WHERE o.customer_id = c.id AND o.status IN ('Failed', 'Cancelled')
        AND o.updated_at > now() - interval '1 hour' AND t.at > now() - interval '1 hour'
        AND t.from_status = 'PaymentPending' AND t.to_status IN ('Failed', 'Cancelled')
      ORDER BY t.at DESC LIMIT ${limits.failedPayments}::integer) AS failed) AS f`

/** The standings of these customers; each has one. */
export const findStandings = (
  sql: SqlClient.SqlClient,
  limits: Limits
): (customers: ReadonlyArray<CustomerId>) => Effect.Effect<ReadonlyArray<Standing>, SqlError.SqlError> => {
  const select = SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(CustomerId)),
    Result: Standing,
    execute: (customers) => standings(sql, limits, customers)
  })
  return (customers) => select(customers).pipe(Effect.catchTag("ParseError", Effect.die)) // we made these rows
}
