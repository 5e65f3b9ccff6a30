import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** What the limits of a customer are decided by: orders that are open, and those that came to nothing lately. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE INDEX orders_open ON orders (customer_id) WHERE status IN ('Draft', 'Reserved', 'PaymentPending');
  CREATE INDEX orders_over ON orders (customer_id, updated_at) WHERE status IN ('Failed', 'Cancelled');
`)
