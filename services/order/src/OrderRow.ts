import type { SqlClient, SqlError } from "@effect/sql"
import { SqlSchema } from "@effect/sql"
import type { CustomerId, ShipmentId, Sku } from "@quartet/contracts/Ids"
import { OrderId } from "@quartet/contracts/Ids"
import type { Refund } from "@quartet/contracts/OrderStatus"
import type { Changed } from "@quartet/messaging/Changed"
import type { DateTime } from "effect"
import { Effect, Option, Schema } from "effect"
import { totalsOf } from "./domain/Refund.ts"
import type { State } from "./domain/State.ts"
import { Order } from "./domain/State.ts"
import { refundsJson } from "./RefundStep.ts"

/** An order as the columns of its row; what does not belong to its status is null. */
export type Row = {
  readonly orderId: OrderId
  readonly customerId: CustomerId
  readonly status: Order["_tag"]
  readonly version: number
  readonly amount: number
  readonly currency: string
  readonly refund: Refund
  readonly refundRequested: number
  readonly refunded: number
  readonly refundFailed: number
  readonly placedAt: DateTime.Utc
  readonly updatedAt: DateTime.Utc
  readonly holdUntil: DateTime.Utc | null
  readonly attempt: number | null
  readonly nextActionType: string | null
  readonly nextActionUrl: string | null
  readonly cancelling: boolean | null
  readonly shipmentId: ShipmentId | null
  readonly reason: string | null
  readonly lines: ReadonlyArray<LineRow>
  readonly isNew: boolean
}

type LineRow = {
  readonly position: number
  readonly sku: Sku
  readonly name: string
  readonly quantity: number
  readonly amount: number
  readonly currency: string
}

/** What is kept of an order's last state; its lines never change, so only a new one brings them. */
export const toRow = ({ isNew, state }: Changed<OrderId, State>): ReadonlyArray<Row> => {
  if (state._tag === "Absent") return []
  const { failed, refunded, requested } = totalsOf(state.refunds, state.total)
  const nextAction = state._tag === "PaymentPending" ? Option.getOrNull(state.nextAction) : null
  return [{
    orderId: state.orderId,
    customerId: state.customerId,
    status: state._tag,
    version: state.version,
    ...state.total,
    refund: state.refund,
    refundRequested: requested.amount,
    refunded: refunded.amount,
    refundFailed: failed.amount,
    placedAt: state.placedAt,
    updatedAt: state.updatedAt,
    holdUntil: state._tag === "Reserved" ? state.holdUntil : null,
    attempt: state._tag === "PaymentPending" ? state.attempt : null,
    nextActionType: nextAction?.type ?? null,
    nextActionUrl: nextAction?.url ?? null,
    cancelling: state._tag === "Paid" ? state.cancelling : null,
    shipmentId: state._tag === "Shipped" ? state.shipmentId : null,
    reason: state._tag === "Failed" || state._tag === "Cancelled" ? state.reason : null,
    lines: isNew ? state.lines.map(toLine) : [],
    isNew
  }]
}

const toLine = ({ name, quantity, sku, unitPrice }: Order["lines"][number], index: number): LineRow => ({
  position: index + 1,
  sku,
  name,
  quantity,
  ...unitPrice
})

/** The orders with these ids that there are, in id order. */
export const findOrders = (
  sql: SqlClient.SqlClient
): (ids: ReadonlyArray<OrderId>) => Effect.Effect<ReadonlyArray<Order>, SqlError.SqlError> => {
  const select = SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(OrderId)),
    Result: Order,
    execute: (ids) =>
      sql`
        SELECT o.status AS "_tag", o.order_id AS "orderId", o.customer_id AS "customerId", o.version, o.refund,
          json_build_object('amount', o.total_amount, 'currency', o.total_currency) AS total,
          ${
        sql.literal(refundsJson)
      } AS refunds, o.placed_at AS "placedAt", o.updated_at AS "updatedAt", o.hold_until AS "holdUntil", o.attempt,
          CASE WHEN o.next_action_type IS NOT NULL THEN json_strip_nulls(
            json_build_object('type', o.next_action_type, 'url', o.next_action_url)) END AS "nextAction",
          o.cancelling, o.shipment_id AS "shipmentId", o.reason,
          CASE WHEN o.status IN ('Failed', 'Cancelled') THEN EXISTS (
            SELECT 1 FROM order_transitions AS t
            WHERE t.order_id = o.order_id AND t.event = 'PaymentRequested') END AS "paymentRequested", (
            SELECT json_agg(json_build_object('sku', l.sku, 'name', l.name, 'quantity', l.quantity, 'unitPrice',
              json_build_object('amount', l.unit_amount, 'currency', l.unit_currency)) ORDER BY l.position)
            FROM order_lines AS l WHERE l.order_id = o.order_id) AS lines
        FROM orders AS o
        WHERE o.order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${ids}::json)))
        ORDER BY o.order_id`
  })
  return (ids) => select(ids).pipe(Effect.catchTag("ParseError", Effect.die)) // we wrote these rows: unreadable is a bug
}
