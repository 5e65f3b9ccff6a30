import * as Message from "@quartet/messaging/Message"
import { Schema } from "effect"
import { OrderId, ShipmentId } from "./Ids.ts"

/** The parcel left; it cannot be called back. */
export const WarehouseShipped = Message.define(
  "warehouse.shipped.v1",
  Schema.Struct({ orderId: OrderId, shipmentId: ShipmentId }),
  (m) => m.orderId
)
export type WarehouseShipped = Message.Data<typeof WarehouseShipped>

/** The parcel will not leave. */
export const WarehouseShipmentCancelled = Message.define(
  "warehouse.shipment_cancelled.v1",
  Schema.Struct({ orderId: OrderId }),
  (m) => m.orderId
)
export type WarehouseShipmentCancelled = Message.Data<typeof WarehouseShipmentCancelled>

/** The parcel is ready to leave. */
export const WarehouseDispatchDue = Message.defineTimer(
  "warehouse.dispatch_due.v1",
  Schema.Struct({ orderId: OrderId, shipmentId: ShipmentId }),
  (m) => m.orderId
)
export type WarehouseDispatchDue = Message.Data<typeof WarehouseDispatchDue>
