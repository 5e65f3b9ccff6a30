import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** The version of the provider's API is part of a request: a repetition by a later release has to be the same request. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  ALTER TABLE payment_attempts ADD COLUMN api_version text NOT NULL DEFAULT '2026-10-28.endive';
  ALTER TABLE payment_attempts ALTER COLUMN api_version DROP DEFAULT;
`)
