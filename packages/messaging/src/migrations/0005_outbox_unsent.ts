import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * What waits to be said, beside the messages themselves: to note that one was said takes a small row away and does not
 * write the message again with all its indexes. The messages are never changed; they are the archive that can be said
 * again.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE outbox_unsent (
    seq bigint PRIMARY KEY,
    due_at timestamptz
  );
  CREATE INDEX outbox_unsent_ready ON outbox_unsent (seq) WHERE due_at IS NULL;
  CREATE INDEX outbox_unsent_timers ON outbox_unsent (due_at) WHERE due_at IS NOT NULL;

  INSERT INTO outbox_unsent (seq, due_at) SELECT seq, due_at FROM outbox WHERE published_at IS NULL;
  DROP INDEX outbox_ready, outbox_timers, outbox_subject;
  ALTER TABLE outbox DROP COLUMN published_at;
`)
