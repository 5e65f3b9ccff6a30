import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore, refuse } from "@quartet/messaging/Decision"
import type { DateTime } from "effect"
import { Match } from "effect"
import type { RequestRefund } from "./Command.ts"
import { RefundRequested } from "./Event.ts"
import { remaining } from "./Refund.ts"
import { OrderNotFound, OrderNotShipped, RefundInOtherCurrency, RefundTooLarge } from "./Rejection.ts"
import type { Shipped, State } from "./State.ts"

type Decided = Decision<RefundRequested, OrderNotFound | OrderNotShipped | RefundInOtherCurrency | RefundTooLarge>

/**
 * An operator gives money of a shipped order back: once for each number, and never more than was charged. Before the parcel
 * leaves there is cancelling, which gives back all of it.
 */
export const asked = (order: State, command: RequestRefund, at: DateTime.Utc): Decided => {
  const { orderId } = command
  const notShipped = () => refuse(new OrderNotShipped({ orderId }))
  return Match.valueTags(order, {
    Absent: (): Decided => refuse(new OrderNotFound({ orderId })),
    Draft: notShipped,
    Reserved: notShipped,
    PaymentPending: notShipped,
    Paid: notShipped,
    Shipped: (shipped): Decided => ofShipped(shipped, command, at),
    Failed: notShipped,
    Cancelled: notShipped
  })
}

const ofShipped = ({ refunds, total }: Shipped, command: RequestRefund, at: DateTime.Utc): Decided => {
  const { amount, askedBy, because, orderId, refundId } = command
  if (refunds.some((one) => one.refundId === refundId)) return ignore("asked for already")
  if (amount.currency !== total.currency) return refuse(new RefundInOtherCurrency({ orderId, asked: amount, total }))
  const left = { ...total, amount: remaining(refunds, total) }
  return amount.amount > left.amount
    ? refuse(new RefundTooLarge({ orderId, asked: amount, left }))
    : accept(RefundRequested.make({ orderId, refundId, amount, reason: "operator", because, askedBy, at }))
}
