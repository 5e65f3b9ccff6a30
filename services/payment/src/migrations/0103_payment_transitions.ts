import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Every change of every payment, in order of its versions, with what caused it. */
export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  CREATE TABLE payment_transitions (
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
