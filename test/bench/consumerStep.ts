import { OrderId, ShipmentId, Sku } from "@quartet/contracts/Ids"
import { Quantity } from "@quartet/contracts/Quantity"
import * as Postgres from "@quartet/hosting/Postgres"
import { runBatch } from "@quartet/messaging/Batch"
import * as Messaging from "@quartet/messaging/Messaging"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { behaviour } from "@quartet/warehouse/Actor"
import { NotePayment } from "@quartet/warehouse/domain/Command"
import { migrations } from "@quartet/warehouse/Migrations"
import * as Repository from "@quartet/warehouse/Repository"
import { Effect, Layer } from "effect"
import { v7 } from "uuid"
import { median, perSecond, rate } from "./Measured.ts"

const Warehouse = Layer.fresh(Layer.provideMerge(
  Layer.merge(Messaging.layer, Repository.layer),
  Postgres.layer({ service: "warehouse", migrations })
))

/** Commands that each make a shipment. */
export const messages = (count: number) =>
  Array.from({ length: count }, () => {
    const orderId = OrderId.make(v7())
    const lines = [{ sku: Sku.make("tea"), quantity: Quantity.make(1) }]
    return fromMessage(NotePayment.make({ orderId, shipmentId: ShipmentId.make(v7()), lines }))
  })

/** The warehouse's step on the same kind of message, a hundred to a transaction and one to a transaction. */
export const consumerStep = Effect.gen(function*() {
  const warehouse = yield* behaviour
  const ours: Array<number> = []
  const single: Array<number> = []
  for (let round = 0; round < 6; round++) {
    const many = Array.from({ length: 30 }, () => messages(100))
    const few = messages(300)
    const batched = yield* perSecond(3000, Effect.forEach(many, (batch) => runBatch(warehouse, batch)))
    const alone = yield* perSecond(300, Effect.forEach(few, (message) => runBatch(warehouse, [message])))
    if (round > 0) ours.push(batched)
    if (round > 0) single.push(alone)
  }
  return [rate("one actor's consumer step, batches of 100", "messages/s", median(ours), median(single), 10)]
}).pipe(Effect.provide(Warehouse))
