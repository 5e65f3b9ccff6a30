import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** A refund of money that never came has failed and is of no intent. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  ALTER TABLE refunds DROP CONSTRAINT refunds_check;
  ALTER TABLE refunds ADD CONSTRAINT refunds_check CHECK (status IN ('Wanted', 'Failed') OR intent_id IS NOT NULL);
`)
