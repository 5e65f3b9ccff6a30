import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Levels that were found changed past their ledger, and were set to what it adds up to: what each was, and became. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE stock_recounts (
    recount_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text COLLATE "C" NOT NULL REFERENCES stock,
    received_before bigint NOT NULL,
    on_hand_before bigint NOT NULL,
    reserved_before bigint NOT NULL,
    received bigint NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX stock_recounts_by_sku ON stock_recounts (sku);
`)
