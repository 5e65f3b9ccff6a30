import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** An operator may give one part of the money after the other: each is a refund of its own number. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  DROP INDEX refunds_once;
  CREATE UNIQUE INDEX refunds_once ON refunds (order_id, cause)
    WHERE cause NOT IN ('extra_charge', 'made_at_provider', 'operator');
`)
