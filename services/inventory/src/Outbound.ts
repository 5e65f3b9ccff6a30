import {
  InventoryCommitRefused,
  InventoryCommitted,
  InventoryRejected,
  InventoryReleased,
  InventoryReserved
} from "@quartet/contracts/InventoryMessages"
import type { StockLine } from "@quartet/contracts/Lines"
import { OrderCancelled, OrderFailed } from "@quartet/contracts/OrderMessages"
import { PaymentFailed } from "@quartet/contracts/PaymentMessages"
import { Quantity } from "@quartet/contracts/Quantity"
import type { Outgoing } from "@quartet/messaging/Message"
import { Match } from "effect"
import type { ReleaseCause } from "./domain/Command.ts"
import type { InventoryEvent, Shares, StockReleased, StockReturned } from "./domain/Event.ts"

/** Who needs to hear of this event? */
export const say = (event: InventoryEvent): ReadonlyArray<Outgoing> =>
  Match.valueTags(event, {
    StockReceived: () => [],
    StockReserved: ({ orderId, shares }) => [InventoryReserved.say({ orderId, lines: linesOf(shares) })],
    ReservationRefused: ({ orderId, reason, short }) => [InventoryRejected.say({ orderId, reason, short })],
    StockCommitted: ({ orderId, shares }) => [InventoryCommitted.say({ orderId, lines: linesOf(shares) })],
    StockRetaken: ({ orderId, shares }) => [InventoryCommitted.say({ orderId, lines: linesOf(shares) })],
    CommitRefused: ({ orderId, short }) => [InventoryCommitRefused.say({ orderId, short })],
    StockReleased: released,
    StockReturned: released,
    ReservationForbidden: () => [],
    ReservationClosed: () => []
  })

const typeOf: Readonly<Record<ReleaseCause, string>> = {
  payment_failed: PaymentFailed.type,
  order_cancelled: OrderCancelled.type,
  order_failed: OrderFailed.type
}

const released = ({ cause, orderId }: StockReleased | StockReturned) => [
  InventoryReleased.say({ orderId, cause: typeOf[cause] })
]

/** The most that one line may carry; a share that adds up to more is told in several lines. */
const most = 1000

const linesOf = (shares: Shares): ReadonlyArray<StockLine> =>
  shares.flatMap(({ quantity, sku }) =>
    Array.from(
      { length: Math.ceil(quantity / most) },
      (_, line) => ({ sku, quantity: Quantity.make(Math.min(most, quantity - line * most)) })
    )
  )
