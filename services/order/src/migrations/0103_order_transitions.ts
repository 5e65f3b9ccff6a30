import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** The audit trail: a row for every change of an order, only ever added. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE order_transitions (
    order_id uuid NOT NULL REFERENCES orders,
    version integer NOT NULL CHECK (version >= 1),
    from_status text NOT NULL,
    to_status text NOT NULL,
    event text NOT NULL,
    cause text NOT NULL,
    correlation text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (order_id, version),
    CHECK ((from_status = 'Absent') = (version = 1))
  );
  CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $refuse$
    BEGIN RAISE EXCEPTION '% is append only', TG_TABLE_NAME; END $refuse$;
  CREATE TRIGGER order_transitions_are_kept BEFORE UPDATE OR DELETE ON order_transitions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
`)
