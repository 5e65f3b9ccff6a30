import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { CustomerId, OrderId } from "@quartet/contracts/Ids"
import { Moment } from "@quartet/contracts/Moment"
import { OrderStatus, RefundTotals } from "@quartet/contracts/OrderStatus"
import { HistoryEntry, OrderSummary, RefundView } from "@quartet/contracts/OrderView"
import { Array, Context, Effect, Layer, Schema } from "effect"
import type { Option } from "effect"
import type { Order } from "./domain/State.ts"
import { findOrders } from "./OrderRow.ts"
import { refundOfTransition } from "./RefundStep.ts"

/** Where a list goes on: after the order that was placed then. */
export const ListPosition = Schema.Struct({ placedAt: Moment, id: OrderId })
export type ListPosition = typeof ListPosition.Type

/** Which orders of a customer are listed, newest first. */
const Selection = Schema.Struct({
  customerId: CustomerId,
  status: Schema.NullOr(OrderStatus),
  placedAfter: Schema.NullOr(Moment),
  placedBefore: Schema.NullOr(Moment),
  after: Schema.NullOr(ListPosition),
  limit: Schema.Int
})
export type Selection = typeof Selection.Type
/** The same, as the database is asked for them. */
type Asked = typeof Selection.Encoded

/** Which part of an order's history is shown, oldest first. */
const Excerpt = Schema.Struct({ orderId: OrderId, after: Schema.Int, limit: Schema.Int })
export type Excerpt = typeof Excerpt.Type

/** Versions of orders that were seen. */
const Seen = Schema.Record({ key: OrderId, value: Schema.Int })
export type Seen = typeof Seen.Type

/** A line of an order's history, and whose it is. */
export interface Happened extends HistoryEntry {
  readonly orderId: OrderId
}

/** What can be looked up. An order is read where it is written, so that one sees one's own writes; lists may lag behind. */
export class OrderViews extends Context.Tag("@quartet/order/OrderViews")<OrderViews, {
  readonly order: (orderId: OrderId) => Effect.Effect<Option.Option<Order>, SqlError.SqlError>
  readonly history: (excerpt: Excerpt) => Effect.Effect<ReadonlyArray<HistoryEntry>, SqlError.SqlError>
  /** All that happened to these orders, of each the oldest first. */
  readonly histories: (ids: ReadonlyArray<OrderId>) => Effect.Effect<ReadonlyArray<Happened>, SqlError.SqlError>
  /** Those of the orders that are newer than the version that was seen. */
  readonly newer: (seen: Seen) => Effect.Effect<ReadonlyArray<Order>, SqlError.SqlError>
  readonly list: (selection: Selection) => Effect.Effect<ReadonlyArray<OrderSummary>, SqlError.SqlError>
}>() {}

const makeOrder = (sql: SqlClient.SqlClient) => {
  const find = findOrders(sql)
  return Effect.fn("OrderViews.order")((orderId: OrderId) => Effect.map(find([orderId]), Array.head))
}

const HistoryRow = Schema.Struct({
  ...HistoryEntry.fields,
  at: Schema.DateTimeUtcFromDate,
  refund: Schema.optionalWith(RefundView, { nullable: true })
})

const makeHistory = (sql: SqlClient.SqlClient) => {
  const select = SqlSchema.findAll({
    Request: Excerpt,
    Result: HistoryRow,
    execute: ({ after, limit, orderId }) =>
      sql`
        SELECT version, nullif(from_status, 'Absent') AS "from", to_status AS "to", event, cause, actor, at,
          ${sql.literal(refundOfTransition)} AS refund
        FROM order_transitions AS t WHERE order_id = ${orderId} AND version > ${after}
        ORDER BY version LIMIT ${limit}`
  })
  return Effect.fn("OrderViews.history")((excerpt: Excerpt) =>
    select(excerpt).pipe(Effect.catchTag("ParseError", Effect.die))
  )
}

const HappenedRow = Schema.Struct({ ...HistoryRow.fields, orderId: OrderId })

const makeHistories = (sql: SqlClient.SqlClient) => {
  const select = SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(OrderId)),
    Result: HappenedRow,
    execute: (ids) =>
      sql`
        SELECT order_id AS "orderId", version, nullif(from_status, 'Absent') AS "from", to_status AS "to", event, cause,
          actor, at, ${sql.literal(refundOfTransition)} AS refund
        FROM order_transitions AS t
        WHERE order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${ids}::json)))
        ORDER BY order_id, version`
  })
  return Effect.fn("OrderViews.histories")((ids: ReadonlyArray<OrderId>) =>
    select(ids).pipe(Effect.catchTag("ParseError", Effect.die))
  )
}

const makeNewer = (sql: SqlClient.SqlClient) => {
  const find = findOrders(sql)
  const select = SqlSchema.findAll({
    Request: Schema.parseJson(Seen),
    Result: Schema.Struct({ id: OrderId }),
    // The versions are read once, and not again for every row.
    execute: (seen) =>
      sql`
        WITH seen AS MATERIALIZED (SELECT ${seen}::jsonb AS versions)
        SELECT order_id AS id FROM orders
        WHERE order_id = ANY (ARRAY(SELECT jsonb_object_keys(versions)::uuid FROM seen))
          AND version > ((SELECT versions FROM seen) ->> order_id::text)::integer`
  })
  return Effect.fn("OrderViews.newer")(function*(seen: Seen) {
    const moved = yield* Effect.catchTag(select(seen), "ParseError", Effect.die)
    return moved.length === 0 ? [] : yield* find(moved.map(({ id }) => id))
  })
}

/** What a summary says of refunds; null where there are none. */
const refundTotals = `CASE WHEN refund_requested_amount + refunded_amount + refund_failed_amount > 0 THEN
  json_build_object('requested', json_build_object('amount', refund_requested_amount, 'currency', total_currency),
    'refunded', json_build_object('amount', refunded_amount, 'currency', total_currency),
    'failed', json_build_object('amount', refund_failed_amount, 'currency', total_currency)) END`

const SummaryRow = Schema.Struct({
  ...OrderSummary.fields,
  placedAt: Schema.DateTimeUtcFromDate,
  updatedAt: Schema.DateTimeUtcFromDate,
  refundTotals: Schema.optionalWith(RefundTotals, { nullable: true })
})

/**
 * The statement of a list. What is not asked for is no condition of it, or one that an index can bound: a plan that is kept
 * for every caller must read no more than the page (decision 0008).
 */
export const selected =
  (sql: SqlClient.SqlClient) => ({ after, customerId, limit, placedAfter, placedBefore, status }: Asked) =>
    sql`
        SELECT order_id AS id, status, version, item_count AS "itemCount",
          json_build_object('amount', total_amount, 'currency', total_currency) AS total,
          placed_at AS "placedAt", updated_at AS "updatedAt", ${sql.literal(refundTotals)} AS "refundTotals"
        FROM order_summaries
        WHERE ${
      sql.and([
        sql`customer_id = ${customerId}`,
        ...(status === null ? [] : [sql`status = ${status}`]),
        ...(placedAfter === null ? [] : [sql`placed_at >= ${placedAfter}::timestamptz`]),
        ...(placedBefore === null ? [] : [sql`placed_at < ${placedBefore}::timestamptz`]),
        ...(after === null ? [] : [sql`(placed_at, order_id) < (${after.placedAt}::timestamptz, ${after.id}::uuid)`])
      ])
    }
        ORDER BY placed_at DESC, order_id DESC LIMIT ${limit}`

const makeList = (sql: SqlClient.SqlClient) => {
  const select = SqlSchema.findAll({
    Request: Selection,
    Result: SummaryRow,
    execute: selected(sql)
  })
  return Effect.fn("OrderViews.list")((selection: Selection) =>
    select(selection).pipe(Effect.catchTag("ParseError", Effect.die))
  )
}

export const layer = Layer.effect(
  OrderViews,
  Effect.map(
    SqlClient.SqlClient,
    (sql) =>
      OrderViews.of({
        order: makeOrder(sql),
        history: makeHistory(sql),
        histories: makeHistories(sql),
        newer: makeNewer(sql),
        list: makeList(sql)
      })
  )
)
