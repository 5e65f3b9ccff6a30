import { SqlClient } from "@effect/sql"
import { CustomerId, OrderId, Sku } from "@quartet/contracts/Ids"
import { OrderPaid } from "@quartet/contracts/OrderMessages"
import { Quantity } from "@quartet/contracts/Quantity"
import * as Postgres from "@quartet/hosting/Postgres"
import { runBatch } from "@quartet/messaging/Batch"
import { Broker } from "@quartet/messaging/Broker"
import { MessageId } from "@quartet/messaging/Message"
import * as Messaging from "@quartet/messaging/Messaging"
import { written } from "@quartet/messaging/Outbox"
import * as WarehouseActor from "@quartet/warehouse/Actor"
import * as Inbound from "@quartet/warehouse/Inbound"
import { migrations } from "@quartet/warehouse/Migrations"
import * as Repository from "@quartet/warehouse/Repository"
import { DateTime, Effect, Layer, Schedule } from "effect"
import { v7 } from "uuid"
import { messages } from "./consumerStep.ts"
import { median, perSecond, rate } from "./Measured.ts"
import { brokerOf, newNamespace, publishRaw, rawChannel } from "./Wire.ts"

const Warehouse = Layer.fresh(Layer.provideMerge(
  Layer.merge(Messaging.layer, Repository.layer),
  Postgres.layer({ service: "warehouse", migrations })
))

const count = 10_000
const now = DateTime.unsafeMake("2026-01-02T03:04:05.678Z")

/** A paid order as the order service would tell of it. */
export const paid = (): Buffer => {
  const id = MessageId.make(v7())
  const message = OrderPaid.say({
    orderId: OrderId.make(v7()),
    customerId: CustomerId.make("alice"),
    lines: [{ sku: Sku.make("tea"), quantity: Quantity.make(1) }],
    total: { amount: 1000, currency: "EUR" }
  })
  return Buffer.from(written({ message, lineage: { causationId: id, correlationId: id } }, id, now))
}

const handled = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ readonly n: number }>`
      SELECT count(*)::integer AS n FROM processed_messages WHERE consumer = 'warehouse' AND type = ${OrderPaid.type}`,
    ([row]) => row?.n ?? 0
  ))

/** Messages a second from a quorum queue into PostgreSQL, against a transaction for each without any broker. */
export const wiredConsumer = Effect.scoped(Effect.gen(function*() {
  const namespace = yield* newNamespace
  const broker = yield* brokerOf(namespace, { consumer: "warehouse", types: [OrderPaid.type] })
  const consumer = Layer.provide(Inbound.layer, [WarehouseActor.layer, Layer.succeed(Broker, broker)])
  const channel = yield* rawChannel
  const ours: Array<number> = []
  for (let round = 0; round < 3; round++) {
    const letters = { exchange: namespace, routingKey: OrderPaid.type, bodies: Array.from({ length: count }, paid) }
    yield* publishRaw(channel, letters)
    const before = yield* handled
    const all = Effect.repeat(handled, { schedule: Schedule.spaced("20 millis"), until: (n) => n === before + count })
    const drained = yield* perSecond(count, Effect.scoped(Effect.zipRight(Layer.build(consumer), all)))
    if (round > 0) ours.push(drained)
  }
  const warehouse = yield* WarehouseActor.behaviour
  const single = yield* perSecond(500, Effect.forEach(messages(500), (message) => runBatch(warehouse, [message])))
  return [rate("quorum queue to PostgreSQL, against a transaction each", "messages/s", median(ours), single, 8)]
})).pipe(Effect.provide(Warehouse))
