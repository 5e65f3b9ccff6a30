import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Money on its way back: one row for each order and cause, and one for each refund that somebody made at the provider. The
 * sum of what went back is held against what was taken in `payments`.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE refunds (
    refund_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES payments,
    cause text NOT NULL,
    status text NOT NULL CHECK (status IN ('Wanted', 'Requested', 'Pending', 'Succeeded', 'Covered', 'Failed')),
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    try integer NOT NULL CHECK (try >= 1),
    intent_id text,
    provider_id text UNIQUE,
    begun_at timestamptz,
    updated_at timestamptz NOT NULL,
    CHECK (status = 'Wanted' OR intent_id IS NOT NULL),
    CHECK (status NOT IN ('Pending', 'Succeeded') OR provider_id IS NOT NULL)
  );
  CREATE UNIQUE INDEX refunds_once ON refunds (order_id, cause) WHERE cause NOT IN ('extra_charge', 'made_at_provider');
  CREATE UNIQUE INDEX refunds_extra ON refunds (order_id, intent_id) WHERE cause = 'extra_charge';
  CREATE INDEX refunds_of_order ON refunds (order_id);
  CREATE INDEX refunds_unsettled ON refunds (status, updated_at) WHERE status IN ('Requested', 'Pending', 'Failed');
`)
