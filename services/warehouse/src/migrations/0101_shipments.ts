import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * One row for each order the warehouse heard of, its parcel's content, and every change of it. A row may be stopped before
 * anything else is known of it, so that a payment that comes later ships nothing.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE shipments (
    order_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('AwaitingStock', 'AwaitingPayment', 'Ready', 'Shipped', 'Stopped')),
    shipment_id uuid UNIQUE,
    version integer NOT NULL CHECK (version >= 1),
    updated_at timestamptz NOT NULL,
    CHECK (status NOT IN ('Ready', 'Shipped') OR shipment_id IS NOT NULL)
  );
  CREATE INDEX shipments_by_status ON shipments (status, order_id);

  CREATE TABLE shipment_lines (
    order_id uuid NOT NULL REFERENCES shipments,
    sku text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
  );

  CREATE TABLE shipment_transitions (
    order_id uuid NOT NULL,
    version integer NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    event text NOT NULL,
    cause text NOT NULL,
    correlation text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
  );
`)
