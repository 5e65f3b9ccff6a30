import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import type { Rebuilding } from "@quartet/hosting/ParkedMessages"
import { Progress } from "@quartet/hosting/ParkedMessages"
import { atomically } from "@quartet/messaging/Transaction"
import * as Worker from "@quartet/messaging/Worker"
import { Array, Context, Effect, Layer, Option, Queue, Schema } from "effect"

/**
 * Makes the lists again from the orders, a batch at a time and beside the live feed: a newer summary is never overwritten.
 * How far it is rests in the database, so that whoever starts after a crash goes on from there (decision 0011).
 */
export class Rebuild extends Context.Tag("@quartet/order/Rebuild")<
  Rebuild,
  Rebuilding & {
    /** Copies the next batch of orders; false where nothing is left to do, or another replica is at it. */
    readonly step: Effect.Effect<boolean, SqlError.SqlError>
    /** Holds one element when a rebuild was asked for since the last take. */
    readonly woken: Queue.Dequeue<void>
  }
>() {}

/** So few at a time that the live feed never waits for long. */
const batch = 1000

const makeBegin = (sql: SqlClient.SqlClient) =>
  atomically(Effect.gen(function*() {
    // The row first: a batch that is under way elsewhere ends before the lists are emptied.
    yield* sql`
      INSERT INTO order_summary_rebuilds DEFAULT VALUES
      ON CONFLICT (is_only) DO UPDATE SET position = DEFAULT, copied = DEFAULT, begun_at = DEFAULT, ended_at = NULL`
    yield* sql`TRUNCATE order_summaries`
  }))

/** What the live feed would have made of the orders after a position, and where the next batch begins. */
const copied = (sql: SqlClient.SqlClient, size: number) => (position: string) =>
  sql`
    WITH batch AS MATERIALIZED (
      SELECT * FROM orders WHERE order_id > ${position}::uuid ORDER BY order_id LIMIT ${size}
    ), copied AS (
      INSERT INTO order_summaries AS s (order_id, customer_id, status, version, total_amount, total_currency,
        item_count, placed_at, updated_at, refund_requested_amount, refunded_amount, refund_failed_amount)
      SELECT order_id, customer_id, status, version, total_amount, total_currency,
        (SELECT sum(quantity) FROM order_lines AS l WHERE l.order_id = b.order_id), placed_at, updated_at,
        refund_requested_amount, refunded_amount, refund_failed_amount
      FROM batch AS b ORDER BY order_id
      ON CONFLICT (order_id) DO UPDATE SET
        status = excluded.status, version = excluded.version, updated_at = excluded.updated_at,
        refund_requested_amount = excluded.refund_requested_amount, refunded_amount = excluded.refunded_amount,
        refund_failed_amount = excluded.refund_failed_amount
      WHERE excluded.version > s.version
    ), counted AS (SELECT count(*)::integer AS size FROM batch)
    UPDATE order_summary_rebuilds AS r SET
      position = coalesce((SELECT order_id FROM batch ORDER BY order_id DESC LIMIT 1), r.position),
      copied = r.copied + counted.size,
      ended_at = CASE WHEN counted.size < ${size} THEN now() END
    FROM counted RETURNING r.copied, r.ended_at IS NULL AS "isUnderWay"`

const makeStep = (sql: SqlClient.SqlClient, size: number) => {
  const next = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ position: Schema.String }),
    execute: () => sql`SELECT position FROM order_summary_rebuilds WHERE ended_at IS NULL FOR UPDATE SKIP LOCKED`
  })
  const copy = SqlSchema.single({ Request: Schema.String, Result: Progress, execute: copied(sql, size) })
  return atomically(Effect.gen(function*() {
    const job = yield* next()
    if (Option.isNone(job)) return false
    const { copied, isUnderWay } = yield* copy(job.value.position)
    if (isUnderWay) return true
    // Plans made for the empty table would be kept, and read all of it.
    yield* sql`ANALYZE order_summaries`
    yield* Effect.logInfo(`The lists are made again; orders: ${copied}.`)
    return false
  })).pipe(Effect.catchTags({ ParseError: Effect.die, NoSuchElementException: Effect.die }))
}

const makeProgress = (sql: SqlClient.SqlClient) => {
  const select = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Progress,
    execute: () => sql`SELECT copied, ended_at IS NULL AS "isUnderWay" FROM order_summary_rebuilds`
  })
  return Effect.map(select(), (rows) => Option.getOrElse(Array.head(rows), () => ({ copied: 0, isUnderWay: false })))
    .pipe(Effect.catchTag("ParseError", Effect.die))
}

/** With batches of another size. */
export const layerWith = (size: number) =>
  Layer.effect(
    Rebuild,
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const woken = yield* Queue.sliding<void>(1)
      const provided = Effect.provideService(SqlClient.SqlClient, sql)
      return Rebuild.of({
        begin: Effect.zipRight(provided(makeBegin(sql)), Effect.asVoid(Queue.offer(woken, undefined))),
        progress: makeProgress(sql),
        step: provided(makeStep(sql, size)),
        woken
      })
    })
  )

export const layer = layerWith(batch)

/** Does what was asked for, here or by a replica that is gone. */
export const worker = Layer.scopedDiscard(
  Effect.gen(function*() {
    const { step, woken } = yield* Rebuild
    const all = Effect.repeat(step, { while: (isUnderWay) => isUnderWay })
    yield* Worker.forever(
      "Rebuild of the lists",
      Effect.zipRight(all, Effect.timeoutOption(Queue.take(woken), "5 seconds"))
    )
  })
)
