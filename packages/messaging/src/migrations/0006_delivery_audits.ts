import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * How far each subscriber confirmed that it has every message that was published to it, and which ones it lacks.
 * Ordinary messages are counted by `seq`; timers by the time at which they were published, since they leave late.
 *
 * The row without a consumer holds where the audit begins: with the messages published after this migration. The one
 * new index holds timers alone, and the confirmed messages cost no write of their own.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE delivery_audits (
    consumer text PRIMARY KEY,
    through_seq bigint NOT NULL,
    through_due timestamptz NOT NULL,
    manifest integer NOT NULL DEFAULT 0,
    manifest_seq bigint,
    manifest_due timestamptz,
    unanswered integer NOT NULL DEFAULT 0 CHECK (unanswered >= 0),
    unanswered_since timestamptz,
    sent_at timestamptz,
    CHECK ((unanswered = 0) = (unanswered_since IS NULL))
  );
  INSERT INTO delivery_audits (consumer, through_seq, through_due)
    SELECT '', coalesce(max(seq), 0), now() FROM outbox;

  CREATE TABLE missing_deliveries (
    consumer text NOT NULL,
    seq bigint NOT NULL,
    manifest integer NOT NULL,
    reports integer NOT NULL DEFAULT 1 CHECK (reports >= 1),
    reported_at timestamptz NOT NULL DEFAULT now(),
    republished integer NOT NULL DEFAULT 0 CHECK (republished >= 0),
    republished_at timestamptz,
    PRIMARY KEY (consumer, seq)
  );
  CREATE INDEX outbox_timers ON outbox ((greatest(appended_at, due_at))) WHERE due_at IS NOT NULL;
`)
