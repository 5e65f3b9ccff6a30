import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * What became of each refund with which version of its order, only ever added; and the sums of it for whoever wants no more,
 * of the order's own charge alone. Refunds of before have no steps: of them there is the one word in `orders.refund`.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE order_refund_steps (
    order_id uuid NOT NULL REFERENCES orders,
    version integer NOT NULL,
    refund_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('requested', 'refunded', 'covered', 'failed')),
    amount bigint NOT NULL CHECK (amount > 0 AND amount < 9007199254740992),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    reason text NOT NULL,
    because text,
    asked_by text,
    PRIMARY KEY (order_id, version),
    CHECK ((because IS NULL) = (asked_by IS NULL))
  );
  CREATE TRIGGER order_refund_steps_are_kept BEFORE UPDATE OR DELETE ON order_refund_steps
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

  ALTER TABLE orders
    ADD COLUMN refund_requested_amount bigint NOT NULL DEFAULT 0 CHECK (refund_requested_amount >= 0),
    ADD COLUMN refunded_amount bigint NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0),
    ADD COLUMN refund_failed_amount bigint NOT NULL DEFAULT 0 CHECK (refund_failed_amount >= 0);
  ALTER TABLE order_summaries
    ADD COLUMN refund_requested_amount bigint NOT NULL DEFAULT 0,
    ADD COLUMN refunded_amount bigint NOT NULL DEFAULT 0,
    ADD COLUMN refund_failed_amount bigint NOT NULL DEFAULT 0;
`)
