import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import * as Worker from "@quartet/messaging/Worker"
import { Context, Effect, Layer, Queue } from "effect"

/**
 * Keeps the lists of orders up to date. It follows the changes that the database notes with each transition of an order, by
 * their position, in batches and without the broker: the lists lag behind by a fraction of a second and never go back to
 * an older version.
 */
export class SummaryProjection extends Context.Tag("@quartet/order/SummaryProjection")<SummaryProjection, {
  /** Brings the lists up to what is committed; returns how many changes that took, at most `batch`. */
  readonly step: Effect.Effect<number, SqlError.SqlError>
  /** Tells the worker of this process that there is more to project. A hint: it also polls. */
  readonly wake: () => void
  /** Holds one element whenever `wake` was called since the last take. */
  readonly woken: Queue.Dequeue<void>
}>() {}

/** The most changes of one step. */
const batch = 2000

/**
 * Changes are found by being there, never by being greater than the last: positions commit out of order. Replicas take
 * different ones. A summary is read from the order itself, and replaces an older version only.
 */
const project = (sql: SqlClient.SqlClient) =>
  sql<{ readonly count: number }>`
    WITH changed AS (
      DELETE FROM order_summary_changes WHERE position = ANY (ARRAY(
        SELECT position FROM order_summary_changes ORDER BY position LIMIT ${batch}::integer FOR UPDATE SKIP LOCKED))
      RETURNING order_id
    ), projected AS (
      INSERT INTO order_summaries AS s (order_id, customer_id, status, version, total_amount, total_currency,
        item_count, placed_at, updated_at, refund_requested_amount, refunded_amount, refund_failed_amount)
      SELECT order_id, customer_id, status, version, total_amount, total_currency,
        (SELECT sum(quantity) FROM order_lines AS l WHERE l.order_id = o.order_id), placed_at, updated_at,
        refund_requested_amount, refunded_amount, refund_failed_amount
      FROM orders AS o WHERE order_id = ANY (ARRAY(SELECT DISTINCT order_id FROM changed)) ORDER BY order_id
      ON CONFLICT (order_id) DO UPDATE SET
        status = excluded.status, version = excluded.version, updated_at = excluded.updated_at,
        refund_requested_amount = excluded.refund_requested_amount, refunded_amount = excluded.refunded_amount,
        refund_failed_amount = excluded.refund_failed_amount
      WHERE excluded.version > s.version
    )
    SELECT count(*)::integer AS count FROM changed`

export const layer = Layer.effect(
  SummaryProjection,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const woken = yield* Queue.sliding<void>(1)
    return SummaryProjection.of({
      step: Effect.map(project(sql), ([row]) => row?.count ?? 0),
      wake: () => void woken.unsafeOffer(undefined),
      woken
    })
  })
)

/** How long changes are collected: each step costs about the same, and a list may be a fraction of a second old. */
const collected = "200 millis"

/** How often another replica's commits are looked for. */
const poll = "1 second"

/** Projects what this process commits soon, and what others commit within a second. */
export const worker = Layer.scopedDiscard(
  Effect.gen(function*() {
    const { step, woken } = yield* SummaryProjection
    const all = Effect.repeat(step, { while: (count) => count === batch })
    const due = Effect.zipRight(Effect.timeoutOption(Queue.take(woken), poll), Effect.sleep(collected))
    yield* Worker.forever("Projection of the lists", Effect.zipRight(due, all))
  })
)
