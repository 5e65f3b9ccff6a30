import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore } from "@quartet/messaging/Decision"
import type { DateTime } from "effect"
import { Match } from "effect"
import type { ExpireDraft, ExpireHold } from "./Command.ts"
import { OrderCancelled } from "./Event.ts"
import { unknownOrder } from "./News.ts"
import type { State } from "./State.ts"

type Decided = Decision<OrderCancelled, never>

/** Stock never answered. */
export const draftExpired = (order: State, { orderId }: ExpireDraft, at: DateTime.Utc): Decided => {
  const answered = () => ignore("stock answered in time")
  return Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: () => accept(OrderCancelled.make({ orderId, reason: "draft_expired", at })),
    Reserved: answered,
    PaymentPending: answered,
    Paid: answered,
    Shipped: answered,
    Failed: answered,
    Cancelled: answered
  })
}

/** The customer never paid. A payment that was asked for in time keeps the hold for as long as it takes. */
export const holdExpired = (order: State, { orderId }: ExpireHold, at: DateTime.Utc): Decided => {
  const noHold = () => ignore("nothing waits to be paid")
  return Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: noHold,
    Reserved: () => accept(OrderCancelled.make({ orderId, reason: "hold_expired", at })),
    PaymentPending: noHold,
    Paid: noHold,
    Shipped: noHold,
    Failed: noHold,
    Cancelled: noHold
  })
}
