import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Which messages each consumer has handled, written in the transaction that handled them, and what came of it. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE processed_messages (
    consumer text NOT NULL,
    message_id uuid NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    outcome text NOT NULL DEFAULT 'applied' CHECK (outcome IN ('applied', 'ignored')),
    reason text,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id),
    CHECK ((outcome = 'ignored') = (reason IS NOT NULL))
  );
`)
