import { SqlClient } from "@effect/sql"
import * as Worker from "@quartet/messaging/Worker"
import { Effect, Layer, Metric } from "effect"

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

/** What is stuck, or may be: a person looks when one of these stays above zero or grows. */
const unknown = gauge("payment_attempts_unknown", "Payments of which nobody knows what the provider did")
const parked = gauge("payment_attempts_parked", "Payments that are not asked about any more and wait for a person")
const failedRefunds = gauge("payment_refunds_failed", "Refunds that the provider does not give, for a person to see to")
const oldest = gauge("payment_oldest_open_seconds", "How long the oldest payment is open that waits for the provider")

interface Counts {
  readonly unknown: number
  readonly parked: number
  readonly failedRefunds: number
  readonly oldestSeconds: number
}

/** A payment that waits for its customer is open and neither stuck nor unknown. */
const look = (sql: SqlClient.SqlClient) =>
  sql<Counts>`
    WITH waiting AS (
      SELECT p.status, p.parked, t.at FROM payments AS p
      JOIN payment_transitions AS t ON t.order_id = p.order_id AND t.version = 1
      WHERE p.status IN ('Opened', 'Charging', 'Cancelling', 'Closing')
    )
    SELECT count(*) FILTER (WHERE status <> 'Opened')::float8 AS unknown,
      (SELECT count(*) FROM payments WHERE parked AND status NOT IN ('Failed', 'Succeeded', 'Mismatched'))::float8 AS parked,
      (SELECT count(*) FROM refunds WHERE status = 'Failed' AND settled_at IS NULL)::float8 AS "failedRefunds",
      coalesce(extract(epoch FROM now() - min(at)), 0)::float8 AS "oldestSeconds"
    FROM waiting`

/** Counts what is open, every few seconds. */
export const layer = Layer.scopedDiscard(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const count = Effect.flatMap(look(sql), ([counts]) =>
    Effect.all([
      Metric.set(unknown, counts?.unknown ?? 0),
      Metric.set(parked, counts?.parked ?? 0),
      Metric.set(failedRefunds, counts?.failedRefunds ?? 0),
      Metric.set(oldest, counts?.oldestSeconds ?? 0)
    ], { discard: true }))
  yield* Worker.forever("Payment gauges", Effect.zipRight(count, Effect.sleep("10 seconds")))
}))
