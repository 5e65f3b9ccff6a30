import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** The price list. Amounts are minor units; below 2^53 they survive a JSON number. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE products (
    sku text PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    price_amount bigint NOT NULL CHECK (price_amount BETWEEN 0 AND 9007199254740991),
    price_currency text NOT NULL CHECK (price_currency ~ '^[A-Z]{3}$'),
    updated_at timestamptz NOT NULL
  );
`)
