import * as Message from "@quartet/messaging/Message"
import { Schema } from "effect"
import { OrderId, Sku } from "./Ids.ts"
import { StockLines } from "./Lines.ts"
import { reason } from "./Reason.ts"

/** Why nothing was held. */
export const StockRejectionReason = reason("out_of_stock", "unknown_product")
export type StockRejectionReason = typeof StockRejectionReason.Type

/** Every line is held for this order. */
export const InventoryReserved = Message.define(
  "inventory.reserved.v1",
  Schema.Struct({ orderId: OrderId, lines: StockLines }),
  (m) => m.orderId
)
export type InventoryReserved = Message.Data<typeof InventoryReserved>

/** Nothing is held: these SKUs fell short. All lines or none. */
export const InventoryRejected = Message.define(
  "inventory.rejected.v1",
  Schema.Struct({ orderId: OrderId, reason: StockRejectionReason, short: Schema.Array(Sku) }),
  (m) => m.orderId
)
export type InventoryRejected = Message.Data<typeof InventoryRejected>

/** What was held is available again; `cause` is the type of the message that freed it. */
export const InventoryReleased = Message.define(
  "inventory.released.v1",
  Schema.Struct({ orderId: OrderId, cause: Schema.NonEmptyString }),
  (m) => m.orderId
)
export type InventoryReleased = Message.Data<typeof InventoryReleased>

/** What was held is this order's for good and may be sent. */
export const InventoryCommitted = Message.define(
  "inventory.committed.v1",
  Schema.Struct({ orderId: OrderId, lines: StockLines }),
  (m) => m.orderId
)
export type InventoryCommitted = Message.Data<typeof InventoryCommitted>

/** The order was paid, but its goods are gone: these SKUs fell short. */
export const InventoryCommitRefused = Message.define(
  "inventory.commit_refused.v1",
  Schema.Struct({ orderId: OrderId, short: Schema.Array(Sku) }),
  (m) => m.orderId
)
export type InventoryCommitRefused = Message.Data<typeof InventoryCommitRefused>
