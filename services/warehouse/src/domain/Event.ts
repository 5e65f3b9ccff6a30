import { OrderId, ShipmentId } from "@quartet/contracts/Ids"
import { StockLines } from "@quartet/contracts/Lines"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"

/** The order is paid, and its stock is awaited. */
export class PaymentNoted extends Trusted.TaggedClass<PaymentNoted>()("PaymentNoted", {
  orderId: OrderId,
  lines: StockLines
}) {}

/** The stock is committed, and the payment is awaited. */
export class StockNoted extends Trusted.TaggedClass<StockNoted>()("StockNoted", {
  orderId: OrderId,
  lines: StockLines
}) {}

/** Both are known: the shipment has its number, and leaves by itself at `dispatchAt` if that is set. */
export class ShipmentPrepared extends Trusted.TaggedClass<ShipmentPrepared>()("ShipmentPrepared", {
  orderId: OrderId,
  shipmentId: ShipmentId,
  lines: StockLines,
  dispatchAt: Schema.OptionFromSelf(Schema.DateTimeUtcFromSelf)
}) {}

export class ShipmentDispatched extends Trusted.TaggedClass<ShipmentDispatched>()("ShipmentDispatched", {
  orderId: OrderId,
  shipmentId: ShipmentId
}) {}

/** The warehouse was asked in time: the shipment will not leave, and the order service is told so. */
export class ShipmentCancelled extends Trusted.TaggedClass<ShipmentCancelled>()("ShipmentCancelled", {
  orderId: OrderId
}) {}

/** The order ended elsewhere: nothing may leave for it, and nobody needs to be told. */
export class ShipmentForbidden extends Trusted.TaggedClass<ShipmentForbidden>()("ShipmentForbidden", {
  orderId: OrderId
}) {}

export type WarehouseEvent =
  | PaymentNoted
  | StockNoted
  | ShipmentPrepared
  | ShipmentDispatched
  | ShipmentCancelled
  | ShipmentForbidden
