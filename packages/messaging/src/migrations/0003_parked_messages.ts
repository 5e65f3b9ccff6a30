import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Messages that a consumer could not handle, each with its reason, until a person replays or discards it. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE parked_messages (
    parked_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    message_id text NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    envelope text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 1),
    parked_at timestamptz NOT NULL DEFAULT now(),
    replay_requested_at timestamptz,
    replayed_at timestamptz,
    discarded_at timestamptz,
    discarded_because text,
    CHECK ((discarded_at IS NULL) = (discarded_because IS NULL)),
    CHECK (replayed_at IS NULL OR discarded_at IS NULL)
  );
  CREATE UNIQUE INDEX parked_messages_waiting ON parked_messages (consumer, message_id)
    WHERE replayed_at IS NULL AND discarded_at IS NULL;
`)
