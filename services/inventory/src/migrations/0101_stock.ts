import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * What is known of each SKU, in units. What is held stays on hand until it is committed, so what may still be promised is
 * `on_hand - reserved`, and what left for good is `received - on_hand`. SKUs sort byte by byte, as they do in memory.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE stock (
    sku text COLLATE "C" PRIMARY KEY,
    received bigint NOT NULL CHECK (received BETWEEN 0 AND 9007199254740991),
    on_hand bigint NOT NULL CHECK (on_hand >= 0),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    version bigint NOT NULL CHECK (version >= 1),
    updated_at timestamptz NOT NULL,
    CHECK (reserved <= on_hand),
    CHECK (on_hand <= received)
  );
`)
