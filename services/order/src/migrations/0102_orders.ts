import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * One row for each order, and its lines at the prices of the day. A column that belongs to one status is null in all
 * others.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE orders (
    order_id uuid PRIMARY KEY,
    customer_id text NOT NULL,
    status text NOT NULL CHECK (
      status IN ('Draft', 'Reserved', 'PaymentPending', 'Paid', 'Shipped', 'Failed', 'Cancelled')),
    version integer NOT NULL CHECK (version >= 1),
    total_amount bigint NOT NULL CHECK (total_amount > 0 AND total_amount < 9007199254740992),
    total_currency text NOT NULL CHECK (total_currency ~ '^[A-Z]{3}$'),
    refund text NOT NULL CHECK (refund IN ('none', 'requested', 'refunded', 'failed')),
    placed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    hold_until timestamptz CHECK ((status = 'Reserved') = (hold_until IS NOT NULL)),
    attempt integer CHECK (attempt >= 1 AND status = 'PaymentPending' OR attempt IS NULL AND status <> 'PaymentPending'),
    next_action_type text CHECK (next_action_type IS NULL OR status = 'PaymentPending'),
    next_action_url text CHECK (next_action_url IS NULL OR next_action_type IS NOT NULL),
    cancelling boolean CHECK ((status = 'Paid') = (cancelling IS NOT NULL)),
    shipment_id uuid CHECK ((status = 'Shipped') = (shipment_id IS NOT NULL)),
    reason text CHECK ((status IN ('Failed', 'Cancelled')) = (reason IS NOT NULL))
  );
  CREATE INDEX orders_by_status ON orders (status, updated_at) WHERE status NOT IN ('Shipped', 'Failed', 'Cancelled');

  CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders,
    position integer NOT NULL CHECK (position BETWEEN 1 AND 50),
    sku text NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    unit_amount bigint NOT NULL CHECK (unit_amount BETWEEN 0 AND 9007199254740991),
    unit_currency text NOT NULL CHECK (unit_currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, sku)
  );
`)
