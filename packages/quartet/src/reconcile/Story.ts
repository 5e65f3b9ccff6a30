import type * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlSchema from "@effect/sql/SqlSchema"
import { Schema } from "effect"

const Amount = Schema.NumberFromString
const Moment = Schema.NullOr(Schema.DateTimeUtc)

const Order = Schema.Struct({
  status: Schema.Literal("Draft", "Reserved", "PaymentPending", "Paid", "Shipped", "Failed", "Cancelled"),
  refund: Schema.Literal("none", "requested", "refunded", "failed"),
  /** A paid order that is to be cancelled. */
  cancelling: Schema.Boolean,
  /** The customer is shown what they have to do. */
  hasAction: Schema.Boolean,
  /** When its payment was asked for. */
  askedAt: Moment,
  holdUntil: Moment,
  changedAt: Schema.DateTimeUtc
})

const Payment = Schema.Struct({
  status: Schema.Literal(
    "Forbidden",
    "Opened",
    "Charging",
    "ActionRequired",
    "Cancelling",
    "Closing",
    "Failed",
    "Succeeded",
    "Mismatched"
  ),
  taken: Amount,
  returned: Amount,
  currency: Schema.NullOr(Schema.String),
  /** When a refund that is not over was last asked about. */
  refundingAt: Moment,
  changedAt: Schema.DateTimeUtc
})

/** What each of the four services says of one order; null is nothing. */
export const Story = Schema.Struct({
  orderId: Schema.String,
  order: Schema.NullOr(Order),
  payment: Schema.NullOr(Payment),
  stock: Schema.NullOr(Schema.Literal("Active", "Committed", "Released", "Refused", "Lost")),
  parcel: Schema.NullOr(Schema.Literal("AwaitingStock", "AwaitingPayment", "Ready", "Shipped", "Stopped"))
})
export type Story = typeof Story.Type

/** So many orders that are not over are judged in one look. */
export const most = 100_000

/** Orders that are over, and of which everybody says so: all but a few. */
const isOver = (sql: PgClient.PgClient) =>
  sql`
    (o.status = 'Shipped' AND p.status = 'Succeeded' AND r.status = 'Committed' AND s.status = 'Shipped'
      AND o.refund IN ('none', 'refunded'))
    OR (o.status IN ('Failed', 'Cancelled') AND o.refund IN ('none', 'refunded')
      AND (coalesce(p.status, 'Failed') IN ('Forbidden', 'Failed')
        OR (p.status IN ('Succeeded', 'Mismatched') AND p.returned_amount = p.taken_amount AND o.refund = 'refunded'))
      AND coalesce(r.status, 'Released') NOT IN ('Active', 'Committed') AND coalesce(s.status, 'Stopped') = 'Stopped')`

/** Everything else, and these orders whatever is said of them; all that is said is of one moment. */
export const tell = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(Schema.String)),
    Result: Story,
    execute: (also) =>
      sql`
        SELECT order_id::text AS "orderId", r.status AS stock, s.status AS parcel,
          CASE WHEN o.status IS NOT NULL THEN json_build_object('status', o.status, 'refund', o.refund,
            'cancelling', coalesce(o.cancelling, false), 'hasAction', o.next_action_type IS NOT NULL,
            'askedAt', (SELECT max(t.at) FROM "order".order_transitions AS t
              WHERE t.order_id = o.order_id AND t.event = 'PaymentRequested'),
            'holdUntil', o.hold_until, 'changedAt', o.updated_at) END AS "order",
          CASE WHEN p.status IS NOT NULL THEN json_build_object('status', p.status,
            'taken', coalesce(p.taken_amount, 0)::text, 'returned', p.returned_amount::text,
            'currency', p.taken_currency, 'refundingAt', (SELECT max(f.updated_at) FROM payment.refunds AS f
              WHERE f.order_id = p.order_id AND f.status IN ('Requested', 'Pending')),
            'changedAt', p.updated_at) END AS payment
        FROM "order".orders AS o FULL JOIN payment.payments AS p USING (order_id)
          FULL JOIN inventory.reservations AS r USING (order_id) FULL JOIN warehouse.shipments AS s USING (order_id)
        WHERE (${isOver(sql)}) IS NOT TRUE
          OR order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${also}::json)))
        ORDER BY order_id LIMIT ${most}`
  })
