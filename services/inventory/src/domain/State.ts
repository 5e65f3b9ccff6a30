import { OrderId, Sku } from "@quartet/contracts/Ids"
import type { StockLine } from "@quartet/contracts/Lines"
import * as Trusted from "@quartet/contracts/Trusted"
import { HashMap, Match, Option, Schema } from "effect"
import { ReleaseCause } from "./Command.ts"
import type { ReceiptId } from "./Command.ts"
import type { InventoryEvent, ReservationEvent } from "./Event.ts"
import { Shares } from "./Event.ts"

const Units = Schema.Int.pipe(Schema.nonNegative())

/**
 * What is known of one SKU, in units: what ever arrived, what is in the house, and how much of that is held. What is
 * held stays on hand until it is committed. `version` counts its movements.
 */
export const Stock = Schema.Struct({
  sku: Sku,
  received: Units,
  onHand: Units,
  reserved: Units,
  version: Units
})
export type Stock = typeof Stock.Type

/** The level before the first receipt. */
export const nothingOf = (sku: Sku): Stock => ({ sku, received: 0, onHand: 0, reserved: 0, version: 0 })

/** What may still be promised to somebody. */
export const available = ({ onHand, reserved }: Stock): number => onHand - reserved

const known = { orderId: OrderId, version: Schema.Int, shares: Shares }

/** Nothing was heard of the order. */
export class Absent extends Trusted.TaggedClass<Absent>()("Absent", {}) {}

/** Every share is held. */
export class Active extends Trusted.TaggedClass<Active>()("Active", known) {}

/** The goods are the order's for good. */
export class Committed extends Trusted.TaggedClass<Committed>()("Committed", known) {}

/** Nothing is held any more; without shares it is the tombstone of a reservation that had not arrived yet. */
export class Released extends Trusted.TaggedClass<Released>()("Released", { ...known, releasedBy: ReleaseCause }) {}

/** Nothing was ever held: the goods were not there. */
export class Refused extends Trusted.TaggedClass<Refused>()("Refused", known) {}

/** The order was paid, and its goods were gone. Final. */
export class Lost extends Trusted.TaggedClass<Lost>()("Lost", known) {}

export const Reservation = Schema.Union(Active, Committed, Released, Refused, Lost)
/** What is kept of one order. */
export type Reservation = typeof Reservation.Type

export type State = Absent | Reservation

/** The part of the inventory that a batch is about: the orders, and every SKU that they or their reservations name. */
export interface Inventory {
  readonly stock: HashMap.HashMap<Sku, Stock>
  readonly reservations: HashMap.HashMap<OrderId, Reservation>
}

export const empty: Inventory = { stock: HashMap.empty(), reservations: HashMap.empty() }

const absent: State = Absent.make({})

export const reservationOf = ({ reservations }: Inventory, orderId: OrderId): State =>
  Option.getOrElse(HashMap.get(reservations, orderId), () => absent)

/** How often it changed. */
export const versionOf = (state: State): number => state._tag === "Absent" ? 0 : state.version

/** An order's lines, one share for each SKU. */
export const sharesOf = (lines: ReadonlyArray<StockLine>): Shares => {
  const sums = new Map<Sku, number>()
  for (const { quantity, sku } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity)
  return [...sums].map(([sku, quantity]) => ({ sku, quantity })).toSorted((a, b) => a.sku < b.sku ? -1 : 1)
}

/** How units change hands; `commit` takes what was reserved before. */
export const MovementKind = Schema.Literal("receipt", "reserve", "release", "commit", "return")
export type MovementKind = typeof MovementKind.Type

/** One line of the ledger: so many units of one SKU changed hands. */
export interface Movement {
  readonly kind: MovementKind
  readonly sku: Sku
  readonly quantity: number
  readonly orderId: OrderId | null
  readonly receiptId: ReceiptId | null
}

/** What the event moved. Levels are nothing but the sum of their movements: nothing else changes them. */
export const movementsOf = (event: InventoryEvent): ReadonlyArray<Movement> => {
  switch (event._tag) {
    case "StockReceived": {
      const { quantity, receiptId, sku } = event
      return [{ kind: "receipt", sku, quantity, orderId: null, receiptId }]
    }
    case "StockReserved":
      return moved("reserve", event)
    case "StockCommitted":
      return moved("commit", event)
    case "StockRetaken":
      return [...moved("reserve", event), ...moved("commit", event)]
    case "StockReleased":
      return moved("release", event)
    case "StockReturned":
      return moved("return", event)
    case "ReservationRefused":
    case "CommitRefused":
    case "ReservationForbidden":
    case "ReservationClosed":
      return []
  }
}

const moved = (
  kind: MovementKind,
  { orderId, shares }: { readonly orderId: OrderId; readonly shares: Shares }
): ReadonlyArray<Movement> => shares.map(({ quantity, sku }) => ({ kind, sku, quantity, orderId, receiptId: null }))

const move = (stock: Inventory["stock"], { kind, quantity, sku }: Movement): Inventory["stock"] => {
  const before = Option.getOrElse(HashMap.get(stock, sku), () => nothingOf(sku))
  const { onHand, received, reserved } = before
  const changed = Match.value(kind).pipe(
    Match.when("receipt", () => ({ received: received + quantity, onHand: onHand + quantity })),
    Match.when("reserve", () => ({ reserved: reserved + quantity })),
    Match.when("release", () => ({ reserved: reserved - quantity })),
    Match.when("commit", () => ({ onHand: onHand - quantity, reserved: reserved - quantity })),
    Match.when("return", () => ({ onHand: onHand + quantity })),
    Match.exhaustive
  )
  return HashMap.set(stock, sku, { ...before, ...changed, version: before.version + 1 })
}

const evolveReservation = (state: State, event: ReservationEvent): Reservation => {
  const { orderId } = event
  const version = versionOf(state) + 1
  const sharesBefore = state._tag === "Absent" ? [] : state.shares
  switch (event._tag) {
    case "StockReserved":
      return Active.make({ orderId, version, shares: event.shares })
    case "ReservationRefused":
      return Refused.make({ orderId, version, shares: event.shares })
    case "StockCommitted":
    case "StockRetaken":
      return Committed.make({ orderId, version, shares: event.shares })
    case "CommitRefused":
      return Lost.make({ orderId, version, shares: event.shares })
    case "StockReleased":
    case "StockReturned":
      return Released.make({ orderId, version, shares: event.shares, releasedBy: event.cause })
    case "ReservationForbidden":
    case "ReservationClosed":
      return Released.make({ orderId, version, shares: sharesBefore, releasedBy: event.cause })
  }
}

/** What is true after the event. */
export const evolve = (inventory: Inventory, event: InventoryEvent): Inventory => ({
  stock: movementsOf(event).reduce(move, inventory.stock),
  reservations: event._tag === "StockReceived" ? inventory.reservations : HashMap.set(
    inventory.reservations,
    event.orderId,
    evolveReservation(reservationOf(inventory, event.orderId), event)
  )
})
