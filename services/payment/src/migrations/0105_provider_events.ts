import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Every event the provider sent and signed, once, with what came of it. The body is not kept: it may hold a secret. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE provider_events (
    event_id text PRIMARY KEY,
    type text NOT NULL,
    object_id text,
    order_id uuid,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'ignored')),
    reason text,
    created_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((outcome = 'ignored') = (reason IS NOT NULL))
  );
  CREATE INDEX provider_events_age ON provider_events (received_at);
  CREATE INDEX provider_events_of_order ON provider_events (order_id);
`)
