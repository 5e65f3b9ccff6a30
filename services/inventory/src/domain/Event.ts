import { OrderId, Sku } from "@quartet/contracts/Ids"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"
import { ReceiptId, ReceiptQuantity, ReleaseCause } from "./Command.ts"

/** What an order wants of one SKU, in units: its lines of that SKU added up, so it may exceed what one line may carry. */
export const Share = Schema.Struct({ sku: Sku, quantity: Schema.Int.pipe(Schema.positive()) })
export type Share = typeof Share.Type

/** One for each SKU of an order, in SKU order. */
export const Shares = Schema.Array(Share)
export type Shares = typeof Shares.Type

/** Goods arrived. */
export class StockReceived extends Trusted.TaggedClass<StockReceived>()("StockReceived", {
  sku: Sku,
  receiptId: ReceiptId,
  quantity: ReceiptQuantity
}) {}

/** Every share is held. */
export class StockReserved extends Trusted.TaggedClass<StockReserved>()("StockReserved", {
  orderId: OrderId,
  shares: Shares
}) {}

/** Nothing is held: these SKUs fell short, at least one of them unknown here if `reason` says so. */
export class ReservationRefused extends Trusted.TaggedClass<ReservationRefused>()("ReservationRefused", {
  orderId: OrderId,
  shares: Shares,
  reason: Schema.Literal("out_of_stock", "unknown_product"),
  short: Schema.Array(Sku)
}) {}

/** What was held left the shelf for good. */
export class StockCommitted extends Trusted.TaggedClass<StockCommitted>()("StockCommitted", {
  orderId: OrderId,
  shares: Shares
}) {}

/** A paid order held nothing any more, and found its goods on the shelf once more. */
export class StockRetaken extends Trusted.TaggedClass<StockRetaken>()("StockRetaken", {
  orderId: OrderId,
  shares: Shares
}) {}

/** A paid order held nothing any more, and these SKUs are gone. */
export class CommitRefused extends Trusted.TaggedClass<CommitRefused>()("CommitRefused", {
  orderId: OrderId,
  shares: Shares,
  short: Schema.Array(Sku)
}) {}

/** What was held is available again. */
export class StockReleased extends Trusted.TaggedClass<StockReleased>()("StockReleased", {
  orderId: OrderId,
  shares: Shares,
  cause: ReleaseCause
}) {}

/** What was committed never left the house and is back on the shelf. */
export class StockReturned extends Trusted.TaggedClass<StockReturned>()("StockReturned", {
  orderId: OrderId,
  shares: Shares,
  cause: ReleaseCause
}) {}

/** The release came before the reservation, which will find this tombstone and take nothing. */
export class ReservationForbidden extends Trusted.TaggedClass<ReservationForbidden>()("ReservationForbidden", {
  orderId: OrderId,
  cause: ReleaseCause
}) {}

/** The order that had released its goods is now over: not even money brings them back. */
export class ReservationClosed extends Trusted.TaggedClass<ReservationClosed>()("ReservationClosed", {
  orderId: OrderId,
  cause: ReleaseCause
}) {}

export type ReservationEvent =
  | StockReserved
  | ReservationRefused
  | StockCommitted
  | StockRetaken
  | CommitRefused
  | StockReleased
  | StockReturned
  | ReservationForbidden
  | ReservationClosed

export type InventoryEvent = StockReceived | ReservationEvent
