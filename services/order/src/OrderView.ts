import type { OrderView, RefundView } from "@quartet/contracts/OrderView"
import type { NextAction } from "@quartet/contracts/PaymentMessages"
import { Option } from "effect"
import type { OrderRefund } from "./domain/Refund.ts"
import type { Order } from "./domain/State.ts"
import type { OrderRefunds } from "./RefundsApi.ts"

/** What its customer is shown of an order; nothing else of it leaves the service. */
export const viewOf = (order: Order): OrderView => ({
  id: order.orderId,
  status: order._tag,
  version: order.version,
  lines: order.lines,
  total: order.total,
  refund: order.refund,
  ...shownRefunds(order),
  placedAt: order.placedAt,
  updatedAt: order.updatedAt,
  ...(order._tag === "Reserved" ? { holdUntil: order.holdUntil } : {}),
  ...(order._tag === "PaymentPending" ? { attempt: order.attempt, ...nextActionOf(order.nextAction) } : {}),
  ...(order._tag === "Paid" ? { cancelling: order.cancelling } : {}),
  ...(order._tag === "Shipped" ? { shipmentId: order.shipmentId } : {}),
  ...(order._tag === "Failed" || order._tag === "Cancelled" ? { reason: order.reason } : {})
})

/** A refund as it is shown; why an operator gave it stays with the operators. */
const refundView = ({ amount, reason, refundId, status }: OrderRefund): RefundView => ({
  id: refundId,
  amount,
  reason,
  status
})

const shownRefunds = ({ refunds }: Order) => {
  const [first, ...rest] = refunds.map(refundView)
  return first === undefined ? {} : { refunds: [first, ...rest] } satisfies Pick<OrderView, "refunds">
}

/** What an operator is shown who gives money back. */
export const refundsOf = ({ orderId, refunds, total }: Order): typeof OrderRefunds.Type => ({
  id: orderId,
  total,
  refunds: refunds.map(refundView)
})

const nextActionOf = Option.match({
  onNone: () => ({}),
  onSome: (nextAction: NextAction) => ({ nextAction })
})
