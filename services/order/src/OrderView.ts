import type { OrderView } from "@quartet/contracts/OrderView"
import type { NextAction } from "@quartet/contracts/PaymentMessages"
import { Option } from "effect"
import type { Order } from "./domain/State.ts"

/** What its customer is shown of an order; nothing else of it leaves the service. */
export const viewOf = (order: Order): OrderView => ({
  id: order.orderId,
  status: order._tag,
  version: order.version,
  lines: order.lines,
  total: order.total,
  refund: order.refund,
  placedAt: order.placedAt,
  updatedAt: order.updatedAt,
  ...(order._tag === "Reserved" ? { holdUntil: order.holdUntil } : {}),
  ...(order._tag === "PaymentPending" ? { attempt: order.attempt, ...nextActionOf(order.nextAction) } : {}),
  ...(order._tag === "Paid" ? { cancelling: order.cancelling } : {}),
  ...(order._tag === "Shipped" ? { shipmentId: order.shipmentId } : {}),
  ...(order._tag === "Failed" || order._tag === "Cancelled" ? { reason: order.reason } : {})
})

const nextActionOf = Option.match({
  onNone: () => ({}),
  onSome: (nextAction: NextAction) => ({ nextAction })
})
