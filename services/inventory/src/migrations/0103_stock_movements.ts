import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * The ledger: every level in `stock` is the sum of its movements, and a line is never changed or taken out. A mistake is
 * put right by another line.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE stock_movements (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text COLLATE "C" NOT NULL REFERENCES stock,
    kind text NOT NULL CHECK (kind IN ('receipt', 'reserve', 'release', 'commit', 'return')),
    quantity bigint NOT NULL CHECK (quantity > 0),
    order_id uuid,
    receipt_id uuid UNIQUE,
    cause text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    CHECK ((kind = 'receipt') = (receipt_id IS NOT NULL)),
    CHECK ((kind = 'receipt') = (order_id IS NULL))
  );
  CREATE INDEX stock_movements_by_sku ON stock_movements (sku, seq);
  CREATE INDEX stock_movements_by_order ON stock_movements (order_id, seq);

  CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN RAISE EXCEPTION 'stock_movements is append-only' USING ERRCODE = 'integrity_constraint_violation'; END
  $body$;
  CREATE TRIGGER stock_movements_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
`)
