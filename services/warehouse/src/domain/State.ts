import { OrderId, ShipmentId } from "@quartet/contracts/Ids"
import { StockLines } from "@quartet/contracts/Lines"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"
import type { WarehouseEvent } from "./Event.ts"

/** Nothing was heard of the order. */
export class Absent extends Trusted.TaggedClass<Absent>()("Absent", {}) {}

/** The order is paid; its stock is not known to be committed. */
export class AwaitingStock extends Trusted.TaggedClass<AwaitingStock>()("AwaitingStock", {
  orderId: OrderId,
  version: Schema.Int,
  lines: StockLines
}) {}

/** The stock is committed; the order is not known to be paid. */
export class AwaitingPayment extends Trusted.TaggedClass<AwaitingPayment>()("AwaitingPayment", {
  orderId: OrderId,
  version: Schema.Int,
  lines: StockLines
}) {}

/** Paid and committed: it may leave. */
export class Ready extends Trusted.TaggedClass<Ready>()("Ready", {
  orderId: OrderId,
  version: Schema.Int,
  shipmentId: ShipmentId,
  lines: StockLines
}) {}

/** It left. Final. */
export class Shipped extends Trusted.TaggedClass<Shipped>()("Shipped", {
  orderId: OrderId,
  version: Schema.Int,
  shipmentId: ShipmentId,
  lines: StockLines
}) {}

/** It will never leave, whatever is still heard of it. Final. */
export class Stopped extends Trusted.TaggedClass<Stopped>()("Stopped", { orderId: OrderId, version: Schema.Int }) {}

export const Shipment = Schema.Union(AwaitingStock, AwaitingPayment, Ready, Shipped, Stopped)
/** What the warehouse knows of an order. */
export type Shipment = typeof Shipment.Type

export type State = Absent | Shipment

export const absent: State = Absent.make({})

/** How often it changed. */
export const versionOf = (state: State): number => state._tag === "Absent" ? 0 : state.version

/** What is true after the event. */
export const evolve = (state: State, event: WarehouseEvent): State => {
  const { orderId } = event
  const version = versionOf(state) + 1
  switch (event._tag) {
    case "PaymentNoted":
      return AwaitingStock.make({ orderId, version, lines: event.lines })
    case "StockNoted":
      return AwaitingPayment.make({ orderId, version, lines: event.lines })
    case "ShipmentPrepared":
      return Ready.make({ orderId, version, shipmentId: event.shipmentId, lines: event.lines })
    case "ShipmentDispatched":
      return state._tag === "Ready"
        ? Shipped.make({ orderId, version, shipmentId: event.shipmentId, lines: state.lines })
        : state
    case "ShipmentCancelled":
    case "ShipmentForbidden":
      return Stopped.make({ orderId, version })
  }
}
