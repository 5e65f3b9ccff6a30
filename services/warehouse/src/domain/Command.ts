import { OrderId, ShipmentId } from "@quartet/contracts/Ids"
import { StockLines } from "@quartet/contracts/Lines"
import { Schema } from "effect"

/** The order is paid. `shipmentId` is the number the shipment gets if this completes it. */
export class NotePayment extends Schema.TaggedClass<NotePayment>()("NotePayment", {
  orderId: OrderId,
  shipmentId: ShipmentId,
  lines: StockLines
}) {}

/** The order's stock is committed. `shipmentId` is the number the shipment gets if this completes it. */
export class NoteStock extends Schema.TaggedClass<NoteStock>()("NoteStock", {
  orderId: OrderId,
  shipmentId: ShipmentId,
  lines: StockLines
}) {}

/** An operator sends the parcel off. */
export class Dispatch extends Schema.TaggedClass<Dispatch>()("Dispatch", { orderId: OrderId }) {}

/** The time for the parcel to leave by itself has come. */
export class DispatchWhenDue extends Schema.TaggedClass<DispatchWhenDue>()("DispatchWhenDue", { orderId: OrderId }) {}

/** A paid order is to be cancelled, if the parcel is still here. */
export class CancelShipment extends Schema.TaggedClass<CancelShipment>()("CancelShipment", { orderId: OrderId }) {}

/** The order ended as cancelled or failed. */
export class ForbidShipment extends Schema.TaggedClass<ForbidShipment>()("ForbidShipment", { orderId: OrderId }) {}

export const WarehouseCommand = Schema.Union(
  NotePayment,
  NoteStock,
  Dispatch,
  DispatchWhenDue,
  CancelShipment,
  ForbidShipment
)
export type WarehouseCommand = typeof WarehouseCommand.Type
