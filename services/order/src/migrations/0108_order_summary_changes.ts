import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Which orders changed since the lists last followed them, written by the database in the transaction of the change: so it
 * holds for processes of the release before, too. These publish changes of summaries that are no longer needed; those that
 * wait to be published are taken away, and the lists are made once from the orders.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE order_summary_changes (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL
  );

  CREATE FUNCTION note_order_summary_changes() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO order_summary_changes (order_id) SELECT DISTINCT order_id FROM appended;
    RETURN NULL;
  END $$;
  CREATE TRIGGER order_transitions_change_summaries AFTER INSERT ON order_transitions
    REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION note_order_summary_changes();

  DELETE FROM outbox_unsent AS u USING outbox AS o WHERE o.seq = u.seq AND o.type = 'order.summary_changed.v1';
  INSERT INTO order_summary_rebuilds DEFAULT VALUES
    ON CONFLICT (is_only) DO UPDATE SET position = DEFAULT, copied = DEFAULT, begun_at = DEFAULT, ended_at = NULL;
`)
