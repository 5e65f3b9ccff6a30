import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Eight bytes of the digest of what was handled, beside its id; rows of before, and those of a release before, have none.
 * A parked message that is no text is kept in base64.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  ALTER TABLE processed_messages ADD COLUMN digest bytea;
  ALTER TABLE parked_messages ADD COLUMN encoding text;
`)
