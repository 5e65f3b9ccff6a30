import type { Sku } from "@quartet/contracts/Ids"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore, refuse } from "@quartet/messaging/Decision"
import { HashMap, Match, Option } from "effect"
import type { Commit, InventoryCommand, Receive, Release, Reserve } from "./Command.ts"
import type { InventoryEvent, Shares } from "./Event.ts"
import {
  CommitRefused,
  ReservationClosed,
  ReservationForbidden,
  ReservationRefused,
  StockCommitted,
  StockReceived,
  StockReleased,
  StockReserved,
  StockRetaken,
  StockReturned
} from "./Event.ts"
import type { InventoryRejection } from "./Rejection.ts"
import { ReceiptTooLarge } from "./Rejection.ts"
import type { Inventory } from "./State.ts"
import { available, reservationOf, sharesOf } from "./State.ts"

type Decided = Decision<InventoryEvent, InventoryRejection>

/**
 * Gives out exactly what is there, all lines of an order or none, and takes it back once. What an order holds is decided
 * by its reservation alone, so repeated, late and contradicting messages find their answer there.
 */
export const decide = (inventory: Inventory, command: InventoryCommand): Decided =>
  Match.valueTags(command, {
    Reserve: (c) => reserve(inventory, c),
    Commit: (c) => commit(inventory, c),
    Release: (c) => release(inventory, c),
    Receive: (c) => receive(inventory, c)
  })

const alreadyKnown = () => ignore("already known")
const alreadyReleased = () => ignore("the reservation was released before")

const reserve = (inventory: Inventory, { lines, orderId }: Reserve): Decided =>
  Match.valueTags(reservationOf(inventory, orderId), {
    Absent: () => {
      const shares = sharesOf(lines)
      const short = shortOf(inventory, shares)
      if (short.length === 0) return accept(StockReserved.make({ orderId, shares }))
      const reason = short.every((sku) => HashMap.has(inventory.stock, sku)) ? "out_of_stock" : "unknown_product"
      return accept(ReservationRefused.make({ orderId, shares, reason, short }))
    },
    Active: alreadyKnown,
    Committed: () => ignore("the order was paid before it was heard of"),
    Released: alreadyReleased,
    Refused: alreadyKnown,
    Lost: () => ignore("the goods were gone when the order was paid")
  })

const commit = (inventory: Inventory, { lines, orderId }: Commit): Decided => {
  /** Money came for an order that holds nothing: it takes its goods from the shelf, or says that they are gone. */
  const retake = (known: Shares): Decided => {
    const shares = known.length > 0 ? known : sharesOf(lines)
    const short = shortOf(inventory, shares)
    return short.length === 0
      ? accept(StockRetaken.make({ orderId, shares }))
      : accept(CommitRefused.make({ orderId, shares, short }))
  }
  return Match.valueTags(reservationOf(inventory, orderId), {
    Absent: () => retake([]),
    Active: ({ shares }) => accept(StockCommitted.make({ orderId, shares })),
    Committed: alreadyKnown,
    Released: ({ releasedBy, shares }) =>
      releasedBy === "payment_failed" ? retake(shares) : ignore("the order is over; its money goes back"),
    Refused: ({ shares }) => retake(shares),
    Lost: alreadyKnown
  })
}

const release = (inventory: Inventory, { cause, orderId }: Release): Decided =>
  Match.valueTags(reservationOf(inventory, orderId), {
    Absent: () => accept(ReservationForbidden.make({ orderId, cause })),
    Active: ({ shares }) => accept(StockReleased.make({ orderId, shares, cause })),
    Committed: ({ shares }) =>
      cause === "payment_failed"
        ? ignore("the order is paid; the failure of an earlier payment releases nothing")
        : accept(StockReturned.make({ orderId, shares, cause })),
    Released: ({ releasedBy }) =>
      releasedBy === "payment_failed" && cause !== "payment_failed"
        ? accept(ReservationClosed.make({ orderId, cause }))
        : alreadyReleased(),
    Refused: () => ignore("nothing was held"),
    Lost: () => ignore("nothing is held")
  })

const receive = ({ stock }: Inventory, { quantity, receiptId, sku }: Receive): Decided => {
  const received = Option.match(HashMap.get(stock, sku), { onNone: () => 0, onSome: ({ received }) => received })
  return Number.isSafeInteger(received + quantity)
    ? accept(StockReceived.make({ sku, receiptId, quantity }))
    : refuse(ReceiptTooLarge.make({ sku }))
}

/** The SKUs of which less is available than is wanted, unknown ones among them. */
const shortOf = ({ stock }: Inventory, shares: Shares): ReadonlyArray<Sku> =>
  shares.flatMap(({ quantity, sku }) =>
    Option.exists(HashMap.get(stock, sku), (level) => available(level) >= quantity) ? [] : [sku]
  )
