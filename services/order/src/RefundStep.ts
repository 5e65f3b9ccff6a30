import type { SqlClient } from "@effect/sql"
import type { OrderId } from "@quartet/contracts/Ids"
import { textOf } from "@quartet/messaging/Json"
import type { OrderEvent } from "./domain/Event.ts"
import { refundOf } from "./domain/Refund.ts"

/** What became of one refund with one version of its order. Only ever added, like the transition that it belongs to. */
type RefundStep = {
  readonly orderId: OrderId
  readonly version: number
  readonly refundId: string
  readonly status: string
  readonly amount: number
  readonly currency: string
  readonly reason: string
  readonly because: string | null
  readonly askedBy: string | null
}

/** The step that an event of an order is, if it is one of a refund. */
export const stepOf = (event: OrderEvent, version: number): ReadonlyArray<RefundStep> => {
  if (event._tag !== "RefundRequested" && event._tag !== "RefundMade" && event._tag !== "RefundFailed") return []
  const { amount: { amount, currency }, reason, refundId, status } = refundOf(event)
  const { askedBy = null, because = null } = event._tag === "RefundRequested" ? event : {}
  return [{ orderId: event.orderId, version, refundId, status, amount, currency, reason, because, askedBy }]
}

/** Appends the steps, as one part of a statement. */
export const insertedSteps = (sql: SqlClient.SqlClient, steps: ReadonlyArray<RefundStep>) =>
  sql`refund_steps AS (
    INSERT INTO order_refund_steps
      (order_id, version, refund_id, status, amount, currency, reason, because, asked_by)
    SELECT "orderId", version, "refundId", status, amount, currency, reason, because, "askedBy"
    FROM json_to_recordset(${textOf(steps)}::json) AS s ("orderId" uuid, version integer, "refundId" text, status text,
      amount bigint, currency text, reason text, because text, "askedBy" text)
  )`

/** One step, as the refund was then. */
const refundJson = (step: string) =>
  `json_build_object('refundId', ${step}.refund_id, 'reason', ${step}.reason, 'status', ${step}.status,
    'amount', json_build_object('amount', ${step}.amount, 'currency', ${step}.currency))`

/** All refunds of an order `AS o` as they are now, the first one first. Of most orders there are none to look for. */
export const refundsJson = `CASE WHEN o.refund = 'none' THEN '[]'::json ELSE coalesce((
    SELECT json_agg(${refundJson("s")} ORDER BY s.first)
    FROM (
      SELECT DISTINCT ON (refund_id) *, min(version) OVER (PARTITION BY refund_id) AS first
      FROM order_refund_steps WHERE order_id = o.order_id ORDER BY refund_id, version DESC
    ) AS s), '[]') END`

/** What a transition `AS t` did to a refund, as a customer sees it; null where it did nothing of the kind. */
export const refundOfTransition = `(SELECT json_build_object('id', s.refund_id, 'reason', s.reason, 'status', s.status,
    'amount', json_build_object('amount', s.amount, 'currency', s.currency))
  FROM order_refund_steps AS s WHERE s.order_id = t.order_id AND s.version = t.version)`
