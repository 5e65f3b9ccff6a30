import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * A refund that failed at the bank and was paid back by another way: why, by whom and when. It stays `Failed`, so that an older
 * process beside this one can read it.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  ALTER TABLE refunds
    ADD COLUMN settled_because text,
    ADD COLUMN settled_by text,
    ADD COLUMN settled_at timestamptz,
    ADD CHECK ((settled_because IS NULL) = (settled_by IS NULL) AND (settled_by IS NULL) = (settled_at IS NULL)),
    ADD CHECK (settled_at IS NULL OR status = 'Failed');
`)
