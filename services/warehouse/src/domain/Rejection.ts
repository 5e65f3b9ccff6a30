import { OrderId } from "@quartet/contracts/Ids"
import { Schema } from "effect"

/** The parcel cannot leave: its payment or its stock is still awaited, or nothing is known of it. */
export class ShipmentNotReady extends Schema.TaggedError<ShipmentNotReady>()("ShipmentNotReady", { orderId: OrderId }) {
  override get message() {
    return `Order ${this.orderId} is not both paid and committed; its shipment cannot leave.`
  }
}

/** The parcel must not leave any more. */
export class ShipmentStopped extends Schema.TaggedError<ShipmentStopped>()("ShipmentStopped", { orderId: OrderId }) {
  override get message() {
    return `The shipment of order ${this.orderId} was stopped; it will not leave.`
  }
}

export type WarehouseRejection = ShipmentNotReady | ShipmentStopped
