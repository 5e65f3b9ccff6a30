import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * What must be said. A row without `due_at` is said as soon as possible and in the order of `seq` within its subject;
 * one with `due_at` is a timer. Rows are marked, not deleted: they are the archive that can be said again.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    subject text NOT NULL,
    envelope text NOT NULL,
    due_at timestamptz,
    appended_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
  );
  CREATE INDEX outbox_ready ON outbox (seq) WHERE published_at IS NULL AND due_at IS NULL;
  CREATE INDEX outbox_timers ON outbox (due_at) WHERE published_at IS NULL AND due_at IS NOT NULL;
  CREATE INDEX outbox_subject ON outbox (subject);

  CREATE TABLE relay_lease (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    holder text NOT NULL,
    fence bigint NOT NULL,
    expires_at timestamptz NOT NULL
  );
  INSERT INTO relay_lease (holder, fence, expires_at) VALUES ('', 0, '-infinity');
`)
