import { OrderId, Sku } from "@quartet/contracts/Ids"
import { StockLines } from "@quartet/contracts/Lines"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"

/** Why an order gives up what it holds. After `payment_failed` money may still come; after the others the order is over. */
export const ReleaseCause = Schema.Literal("payment_failed", "order_cancelled", "order_failed")
export type ReleaseCause = typeof ReleaseCause.Type

/** Names one delivery of goods, so that its line in the ledger is found again. */
export const ReceiptId = Schema.UUID.pipe(Schema.brand("ReceiptId"))
export type ReceiptId = typeof ReceiptId.Type

/** How much may arrive at once, in units. */
export const ReceiptQuantity = Schema.Int.pipe(Schema.between(1, 1_000_000))

/** Hold these goods for the order, all lines or none; lines of one SKU add up. */
export class Reserve extends Trusted.TaggedClass<Reserve>()("Reserve", { orderId: OrderId, lines: StockLines }) {}

/** The order is paid: what it holds is its own for good. */
export class Commit extends Trusted.TaggedClass<Commit>()("Commit", { orderId: OrderId, lines: StockLines }) {}

/** The order needs its goods no longer. */
export class Release extends Trusted.TaggedClass<Release>()("Release", { orderId: OrderId, cause: ReleaseCause }) {}

/** An operator puts goods on the shelf; a SKU that was never seen begins with its first receipt. */
export class Receive extends Trusted.TaggedClass<Receive>()("Receive", {
  sku: Sku,
  receiptId: ReceiptId,
  quantity: ReceiptQuantity
}) {}

export const InventoryCommand = Schema.Union(Reserve, Commit, Release, Receive)
export type InventoryCommand = typeof InventoryCommand.Type
