import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore } from "@quartet/messaging/Decision"
import type { Duration } from "effect"
import { DateTime, Match } from "effect"
import type { RecordReservation, RecordStockLoss, RecordStockRejection } from "./Command.ts"
import type { RefundRequested } from "./Event.ts"
import { StockLost, StockRejected, StockReserved } from "./Event.ts"
import { alreadyKnown, alreadyOver, alreadyShipped, notPaidYet, unknownOrder } from "./News.ts"
import { allBack } from "./Refund.ts"
import type { State } from "./State.ts"

/** Every line is held. For an order that is over, inventory takes it back when it hears of that end. */
export const reserved = (
  holdExpiresAfter: Duration.Duration,
  order: State,
  { orderId }: RecordReservation,
  at: DateTime.Utc
): Decision<StockReserved, never> =>
  Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: () => accept(StockReserved.make({ orderId, holdUntil: DateTime.addDuration(at, holdExpiresAfter), at })),
    Reserved: alreadyKnown,
    PaymentPending: alreadyKnown,
    Paid: alreadyKnown,
    Shipped: alreadyKnown,
    Failed: alreadyOver,
    Cancelled: alreadyOver
  })

/** Nothing could be held. */
export const rejected = (
  order: State,
  { orderId, reason }: RecordStockRejection,
  at: DateTime.Utc
): Decision<StockRejected, never> => {
  const heldBefore = () => ignore("the goods are held already")
  return Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: () => accept(StockRejected.make({ orderId, reason, at })),
    Reserved: heldBefore,
    PaymentPending: heldBefore,
    Paid: heldBefore,
    Shipped: heldBefore,
    Failed: alreadyOver,
    Cancelled: alreadyOver
  })
}

/** The goods of a paid order are gone: it fails, and its money goes back. */
export const lost = (
  order: State,
  { orderId, refundId }: RecordStockLoss,
  at: DateTime.Utc
): Decision<StockLost | RefundRequested, never> =>
  Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: notPaidYet,
    Reserved: notPaidYet,
    PaymentPending: notPaidYet,
    Paid: (paid) =>
      accept<StockLost | RefundRequested>(
        StockLost.make({ orderId, at }),
        ...allBack(paid, { orderId, refundId, reason: "stock_lost", at })
      ),
    Shipped: alreadyShipped,
    Failed: alreadyOver,
    Cancelled: alreadyOver
  })

/** The warehouse waits for this; to the order, being paid is enough. */
export const committed = (order: State): Decision<never, never> => noted(order, "the warehouse acts on it")

/** The order itself ended, or is about to hear of the payment that failed: that is what freed the goods. */
export const released = (order: State): Decision<never, never> => noted(order, "it follows from the order's own end")

const noted = (order: State, why: string): Decision<never, never> =>
  order._tag === "Absent" ? unknownOrder() : ignore(why)
