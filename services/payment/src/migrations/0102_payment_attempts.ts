import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** What the provider is asked for, exactly and under which key: written before it is asked, and never changed. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE payment_attempts (
    order_id uuid NOT NULL REFERENCES payments,
    attempt integer NOT NULL CHECK (attempt >= 1),
    payment_id uuid NOT NULL,
    customer_id text NOT NULL,
    payment_method_id text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    idempotency_key text NOT NULL UNIQUE,
    begun_at timestamptz,
    intent_id text,
    PRIMARY KEY (order_id, attempt)
  );
`)
