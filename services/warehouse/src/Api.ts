import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { asServed } from "@quartet/contracts/ApiDescription"
import { Authorization, forbidden } from "@quartet/contracts/Authorization"
import { OrderId } from "@quartet/contracts/Ids"
import * as Problem from "@quartet/contracts/Problem"
import { Schema } from "effect"
import { ShipmentStatus, ShipmentView } from "./Views.ts"

export const shipmentNotFound = Problem.define({
  name: "shipment-not-found",
  status: 404,
  title: "The warehouse has heard nothing of this order",
  means: "The warehouse has heard nothing of an order of this id.",
  advice: "Compare the id, and ask again in a moment if the order was placed just now."
})
export const shipmentNotReady = Problem.define({
  name: "shipment-not-ready",
  status: 409,
  title: "The parcel cannot leave yet",
  means: "The goods are not committed yet, or the order is not paid.",
  advice: "Ask again once the shipment's status is `Ready`."
})
export const shipmentStopped = Problem.define({
  name: "shipment-stopped",
  status: 409,
  title: "The parcel must not leave",
  means: "The order is cancelled, so its parcel must not leave.",
  advice: "Put the goods back."
})

/** What a reader is told of each problem. */
export const problems = [shipmentNotFound, shipmentNotReady, shipmentStopped].map(({ page }) => page)

const path = Schema.Struct({ orderId: OrderId })

/** A page of shipments, and where the next one begins; without `nextCursor` it is the last. */
export const ShipmentPage = Schema.Struct({ items: Schema.Array(ShipmentView), nextCursor: Schema.optional(OrderId) })

const shipments = HttpApiGroup.make("shipments")
  .annotate(OpenApi.Description, "The parcels, one for each paid order.")
  .add(
    HttpApiEndpoint.get("list", "/shipments")
      .setUrlParams(Schema.Struct({
        status: Schema.optional(ShipmentStatus),
        cursor: Schema.optional(OrderId),
        limit: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 100)), {
          default: () => 50
        })
      }))
      .addSuccess(ShipmentPage)
      .annotate(OpenApi.Summary, "List shipments")
      .annotate(OpenApi.Description, "Shipments in the order of their orders' ids, a page at a time.")
  )
  .add(
    HttpApiEndpoint.get("find", "/shipments/:orderId")
      .setPath(path).addSuccess(ShipmentView).addError(shipmentNotFound.schema)
      .annotate(OpenApi.Summary, "Read the shipment of an order")
      .annotate(OpenApi.Description, "What the warehouse knows of an order.")
  )
  .add(
    HttpApiEndpoint.post("dispatch", "/shipments/:orderId/dispatch")
      .setPath(path).addSuccess(ShipmentView)
      .addError(shipmentNotFound.schema).addError(shipmentNotReady.schema).addError(shipmentStopped.schema)
      .annotate(OpenApi.Summary, "Dispatch a shipment")
      .annotate(OpenApi.Description, "Sends a ready parcel off. Asked again it changes nothing.")
  )
  .addError(forbidden.schema)
  .middleware(Authorization)

/** What operators may ask the warehouse. */
export const WarehouseApi = HttpApi.make("warehouse").add(shipments)
  .annotate(OpenApi.Title, "Quartet: warehouse")
  .annotate(OpenApi.Description, "Shipments, for operators: every request needs a token with the scope `operator`.")
  .annotate(OpenApi.Transform, asServed)
