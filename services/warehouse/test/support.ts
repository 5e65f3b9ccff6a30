import { OrderId, ShipmentId, Sku } from "@quartet/contracts/Ids"
import { Quantity } from "@quartet/contracts/Quantity"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import * as Messaging from "@quartet/messaging/Messaging"
import { Layer } from "effect"
import { v7 } from "uuid"
import * as Actor from "../src/Actor.ts"
import { NotePayment, NoteStock } from "../src/domain/Command.ts"
import { migrations } from "../src/Migrations.ts"
import * as Repository from "../src/Repository.ts"
import * as Views from "../src/Views.ts"

/** The warehouse on a database of its own, without its doors. */
export const Warehouse = Actor.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Repository.layer, Views.layer, Messaging.layer)),
  Layer.provideMerge(PostgresTest.layer({ service: "warehouse", migrations }))
)

export const lines = [
  { sku: Sku.make("cup"), quantity: Quantity.make(1) },
  { sku: Sku.make("tea"), quantity: Quantity.make(2) }
]

/** The two facts that make a shipment of a fresh order. */
export const freshOrder = () => {
  const orderId = OrderId.make(v7())
  const shipmentId = ShipmentId.make(v7())
  return {
    orderId,
    shipmentId,
    paid: NotePayment.make({ orderId, shipmentId, lines }),
    committed: NoteStock.make({ orderId, shipmentId, lines })
  }
}
