import {
  OrderCancellationRequested,
  OrderCancelled,
  OrderDraftExpiryDue,
  OrderFailed,
  OrderHoldExpiryDue,
  OrderPaid,
  OrderPaymentRequested,
  OrderPlaced,
  OrderRefundRequested,
  OrderSummaryChanged
} from "@quartet/contracts/OrderMessages"
import type { Outgoing } from "@quartet/messaging/Message"
import { DateTime, Match } from "effect"
import type { OrderEvent } from "./domain/Event.ts"
import { totalsOf } from "./domain/Refund.ts"
import type { Order } from "./domain/State.ts"

/** Who needs to hear of this event? The lists always do. */
export const say = (event: OrderEvent, order: Order): ReadonlyArray<Outgoing> => [
  ...newsOf(event, order),
  OrderSummaryChanged.say({
    orderId: order.orderId,
    customerId: order.customerId,
    status: order._tag,
    version: order.version,
    total: order.total,
    itemCount: order.lines.reduce((count, { quantity }) => count + quantity, 0),
    placedAt: DateTime.formatIso(order.placedAt),
    updatedAt: DateTime.formatIso(order.updatedAt),
    ...(order.refunds.length === 0 ? {} : { refundTotals: totalsOf(order.refunds, order.total) })
  })
]

const newsOf = (event: OrderEvent, order: Order): ReadonlyArray<Outgoing> =>
  Match.valueTags(event, {
    OrderPlaced: ({ customerId, draftUntil, lines, orderId, total }) => [
      OrderPlaced.say({ orderId, customerId, lines, total }),
      OrderDraftExpiryDue.later({ orderId }, draftUntil)
    ],
    StockReserved: ({ holdUntil, orderId }) => [OrderHoldExpiryDue.later({ orderId }, holdUntil)],
    StockRejected: ({ orderId, reason }) => [OrderFailed.say({ orderId, reason })],
    PaymentRequested: ({ attempt, orderId, paymentMethodId }) => [
      OrderPaymentRequested.say({
        orderId,
        customerId: order.customerId,
        attempt,
        paymentMethodId,
        amount: order.total
      })
    ],
    ActionRequired: () => [],
    PaymentReceived: ({ orderId }) => [
      OrderPaid.say({
        orderId,
        customerId: order.customerId,
        lines: order.lines.map(({ quantity, sku }) => ({ sku, quantity })),
        total: order.total
      })
    ],
    PaymentFailed: () => [], // inventory hears of it from payment itself
    CancellationRequested: ({ orderId }) => [OrderCancellationRequested.say({ orderId })],
    OrderCancelled: ({ orderId, reason }) => [OrderCancelled.say({ orderId, reason })],
    OrderShipped: () => [],
    StockLost: ({ orderId }) => [OrderFailed.say({ orderId, reason: "stock_lost" })],
    RefundRequested: ({ amount, orderId, reason, refundId }) => [
      OrderRefundRequested.say({ orderId, amount, reason, refundId })
    ],
    RefundMade: () => [],
    RefundFailed: () => []
  })
