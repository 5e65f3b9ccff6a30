import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** A payment of which as much was asked as may be: no question is due, and a person sees it. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  ALTER TABLE payments ADD COLUMN parked boolean NOT NULL DEFAULT false;
  CREATE INDEX payments_parked ON payments (updated_at) WHERE parked;
`)
