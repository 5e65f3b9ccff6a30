import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** How far the lists are made again from the orders: one row at most, and every order up to `position` is in them. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE order_summary_rebuilds (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    position uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    copied integer NOT NULL DEFAULT 0,
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
  );
`)
