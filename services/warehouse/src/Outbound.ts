import {
  WarehouseDispatchDue,
  WarehouseShipmentCancelled,
  WarehouseShipped
} from "@quartet/contracts/WarehouseMessages"
import type { Outgoing } from "@quartet/messaging/Message"
import { Match, Option } from "effect"
import type { WarehouseEvent } from "./domain/Event.ts"

/** Who needs to hear of this event? */
export const say = (event: WarehouseEvent): ReadonlyArray<Outgoing> =>
  Match.valueTags(event, {
    PaymentNoted: () => [],
    StockNoted: () => [],
    ShipmentPrepared: ({ dispatchAt, orderId, shipmentId }) =>
      Option.toArray(Option.map(dispatchAt, (due) => WarehouseDispatchDue.later({ orderId, shipmentId }, due))),
    ShipmentDispatched: ({ orderId, shipmentId }) => [WarehouseShipped.say({ orderId, shipmentId })],
    ShipmentCancelled: ({ orderId }) => [WarehouseShipmentCancelled.say({ orderId })],
    ShipmentForbidden: () => []
  })
