import { OrderId, ShipmentId } from "@quartet/contracts/Ids"
import { StockLines } from "@quartet/contracts/Lines"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"

/** The order is paid. `shipmentId` is the number the shipment gets if this completes it. */
export class NotePayment extends Trusted.TaggedClass<NotePayment>()("NotePayment", {
  orderId: OrderId,
  shipmentId: ShipmentId,
  lines: StockLines
}) {}

/** The order's stock is committed. `shipmentId` is the number the shipment gets if this completes it. */
export class NoteStock extends Trusted.TaggedClass<NoteStock>()("NoteStock", {
  orderId: OrderId,
  shipmentId: ShipmentId,
  lines: StockLines
}) {}

/** An operator sends the parcel off. */
export class Dispatch extends Trusted.TaggedClass<Dispatch>()("Dispatch", { orderId: OrderId }) {}

/** The time for the parcel to leave by itself has come. */
export class DispatchWhenDue extends Trusted.TaggedClass<DispatchWhenDue>()("DispatchWhenDue", { orderId: OrderId }) {}

/** A paid order is to be cancelled, if the parcel is still here. */
export class CancelShipment extends Trusted.TaggedClass<CancelShipment>()("CancelShipment", { orderId: OrderId }) {}

/** The order ended as cancelled or failed. */
export class ForbidShipment extends Trusted.TaggedClass<ForbidShipment>()("ForbidShipment", { orderId: OrderId }) {}

export const WarehouseCommand = Schema.Union(
  NotePayment,
  NoteStock,
  Dispatch,
  DispatchWhenDue,
  CancelShipment,
  ForbidShipment
)
export type WarehouseCommand = typeof WarehouseCommand.Type
