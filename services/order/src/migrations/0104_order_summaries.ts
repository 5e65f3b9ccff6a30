import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** The read model of lists: one row for each order, fed by events, the newest version wins. It can be made again. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE order_summaries (
    order_id uuid PRIMARY KEY,
    customer_id text NOT NULL,
    status text NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    total_amount bigint NOT NULL,
    total_currency text NOT NULL,
    item_count integer NOT NULL CHECK (item_count >= 1),
    placed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  );
  CREATE INDEX order_summaries_newest ON order_summaries (customer_id, placed_at DESC, order_id DESC);
  CREATE INDEX order_summaries_by_status ON order_summaries (customer_id, status, placed_at DESC, order_id DESC);
`)
