import type { Decision } from "@quartet/messaging/Decision"
import { accept } from "@quartet/messaging/Decision"
import type { DateTime } from "effect"
import { Match } from "effect"
import type { RecordShipment, RecordShipmentCancellation } from "./Command.ts"
import type { RefundRequested } from "./Event.ts"
import { OrderCancelled, OrderShipped } from "./Event.ts"
import { alreadyKnown, alreadyOver, alreadyShipped, notPaidYet, unknownOrder } from "./News.ts"
import { allBack } from "./Refund.ts"
import type { State } from "./State.ts"

/** The parcel left, also where a cancellation was under way: the warehouse decides. */
export const shipped = (
  order: State,
  { orderId, shipmentId }: RecordShipment,
  at: DateTime.Utc
): Decision<OrderShipped, never> =>
  Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: notPaidYet,
    Reserved: notPaidYet,
    PaymentPending: notPaidYet,
    Paid: () => accept(OrderShipped.make({ orderId, shipmentId, at })),
    Shipped: alreadyKnown,
    Failed: alreadyOver,
    Cancelled: alreadyOver
  })

/** The parcel will not leave: the order is cancelled, and its money goes back. */
export const cancelled = (
  order: State,
  { orderId, refundId }: RecordShipmentCancellation,
  at: DateTime.Utc
): Decision<OrderCancelled | RefundRequested, never> =>
  Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: notPaidYet,
    Reserved: notPaidYet,
    PaymentPending: notPaidYet,
    Paid: (paid) =>
      accept<OrderCancelled | RefundRequested>(
        OrderCancelled.make({ orderId, reason: "customer", at }),
        ...allBack(paid, { orderId, refundId, reason: "cancelled_after_payment", at })
      ),
    Shipped: alreadyShipped,
    Failed: alreadyOver,
    Cancelled: alreadyOver
  })
