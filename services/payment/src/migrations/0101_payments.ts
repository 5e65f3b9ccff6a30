import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * One row for each order the service heard of. A payment may be forbidden before it is asked for; it then is of no attempt.
 * What was taken and what went back are held against each other here.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE payments (
    order_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Forbidden', 'Opened', 'Charging', 'ActionRequired', 'Cancelling',
      'Closing', 'Failed', 'Succeeded', 'Mismatched')),
    version integer NOT NULL CHECK (version >= 1),
    payment_id uuid UNIQUE,
    attempt integer CHECK (attempt >= 1),
    try integer CHECK (try >= 1),
    intent_id text UNIQUE,
    cancel_wanted boolean,
    cancel_reason text,
    reason text,
    action_type text,
    action_url text,
    action_since timestamptz,
    taken_amount bigint CHECK (taken_amount >= 0),
    taken_currency text CHECK (taken_currency ~ '^[A-Z]{3}$'),
    returned_amount bigint NOT NULL CHECK (returned_amount >= 0),
    updated_at timestamptz NOT NULL,
    CHECK ((status = 'Forbidden') = (payment_id IS NULL)),
    CHECK ((payment_id IS NULL) = (attempt IS NULL)),
    CHECK ((status IN ('Succeeded', 'Mismatched')) = (taken_amount IS NOT NULL)),
    CHECK ((taken_amount IS NULL) = (taken_currency IS NULL)),
    CHECK (returned_amount <= coalesce(taken_amount, 0)),
    CHECK (status NOT IN ('ActionRequired', 'Cancelling', 'Closing', 'Succeeded', 'Mismatched') OR intent_id IS NOT NULL),
    CHECK (status NOT IN ('Closing', 'Failed') OR reason IS NOT NULL)
  );
  CREATE INDEX payments_unsettled ON payments (status, updated_at)
    WHERE status IN ('Opened', 'Charging', 'ActionRequired', 'Cancelling', 'Closing');
`)
