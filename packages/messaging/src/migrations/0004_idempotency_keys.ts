import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Requests that carried an Idempotency-Key, written in the transaction that did their work, with the answer that a
 * replay returns. Until `sealed` the first caller is still being answered, at the latest until `open_until`.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE idempotency_keys (
    owner text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint text NOT NULL,
    status integer CHECK (status BETWEEN 200 AND 599),
    body text,
    headers text,
    sealed boolean NOT NULL DEFAULT true,
    open_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key),
    CHECK (sealed OR open_until IS NOT NULL)
  );
  CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
`)
