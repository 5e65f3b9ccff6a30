import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** A process of the release before 0108 writes attempts without a version: theirs is the one that release asked for. */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`ALTER TABLE payment_attempts ALTER COLUMN api_version SET DEFAULT '2026-10-28.endive'`
)
