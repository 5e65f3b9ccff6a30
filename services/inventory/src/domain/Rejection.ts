import { Sku } from "@quartet/contracts/Ids"
import { Schema } from "effect"

/** The receipt would carry the count of what ever arrived beyond what can be counted exactly. */
export class ReceiptTooLarge extends Schema.TaggedError<ReceiptTooLarge>()("ReceiptTooLarge", { sku: Sku }) {
  override get message() {
    return `No more of ${this.sku} can be received: its count would not be exact any more.`
  }
}

export type InventoryRejection = ReceiptTooLarge
