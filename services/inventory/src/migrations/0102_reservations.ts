import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * One row for each order the inventory heard of, what it wants of each SKU, and every change of it. A released row
 * without lines is a tombstone: the reservation it waits for will take nothing. Lines are written once and never changed.
 */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE reservations (
    order_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Active', 'Committed', 'Released', 'Refused', 'Lost')),
    released_by text CHECK (released_by IN ('payment_failed', 'order_cancelled', 'order_failed')),
    version integer NOT NULL CHECK (version >= 1),
    updated_at timestamptz NOT NULL,
    CHECK ((status = 'Released') = (released_by IS NOT NULL))
  );
  CREATE INDEX reservations_by_status ON reservations (status, order_id);

  CREATE TABLE reservation_lines (
    order_id uuid NOT NULL REFERENCES reservations,
    sku text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
  );
  CREATE INDEX reservation_lines_by_sku ON reservation_lines (sku);

  CREATE TABLE reservation_transitions (
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
