import { ShipmentId } from "@quartet/contracts/Ids"
import { InventoryCommitted } from "@quartet/contracts/InventoryMessages"
import { OrderCancellationRequested, OrderCancelled, OrderFailed, OrderPaid } from "@quartet/contracts/OrderMessages"
import { WarehouseDispatchDue } from "@quartet/contracts/WarehouseMessages"
import * as Consumer from "@quartet/messaging/Consumer"
import { on } from "@quartet/messaging/Handler"
import { Effect, Layer } from "effect"
import { WarehouseActor } from "./Actor.ts"
import { CancelShipment, DispatchWhenDue, ForbidShipment, NotePayment, NoteStock } from "./domain/Command.ts"

/** Which command is this message? A shipment takes its number from the message that completes it. */
export const handlers = [
  on(OrderPaid, ({ lines, orderId }, { id }) => NotePayment.make({ orderId, shipmentId: ShipmentId.make(id), lines })),
  on(
    InventoryCommitted,
    ({ lines, orderId }, { id }) => NoteStock.make({ orderId, shipmentId: ShipmentId.make(id), lines })
  ),
  on(WarehouseDispatchDue, ({ orderId }) => DispatchWhenDue.make({ orderId })),
  on(OrderCancellationRequested, ({ orderId }) => CancelShipment.make({ orderId })),
  on(OrderCancelled, ({ orderId }) => ForbidShipment.make({ orderId })),
  on(OrderFailed, ({ orderId }) => ForbidShipment.make({ orderId }))
]

export const layer = Layer.scopedDiscard(
  Effect.flatMap(WarehouseActor, (actor) => Consumer.make({ name: "warehouse", actor, handlers }))
)
