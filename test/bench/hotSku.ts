import { SqlClient } from "@effect/sql"
import { OrderId, Sku } from "@quartet/contracts/Ids"
import { Quantity } from "@quartet/contracts/Quantity"
import * as Postgres from "@quartet/hosting/Postgres"
import * as InventoryActor from "@quartet/inventory/Actor"
import { ReceiptId, Receive, Reserve } from "@quartet/inventory/domain/Command"
import { migrations } from "@quartet/inventory/Migrations"
import * as Repository from "@quartet/inventory/Repository"
import * as Messaging from "@quartet/messaging/Messaging"
import { fromMessage, fromRequest } from "@quartet/messaging/testing/Submissions"
import { atomically } from "@quartet/messaging/Transaction"
import { Clock, Effect, Layer } from "effect"
import { v7 } from "uuid"
import { median, rate } from "./Measured.ts"

const Inventory = Layer.fresh(InventoryActor.layer.pipe(
  Layer.provide(Repository.layer),
  Layer.provideMerge(Messaging.layer),
  Layer.provideMerge(Postgres.layer({ service: "inventory", migrations, maxConnections: 32 }))
))

const clients = 32
const seconds = 2
const rounds = 3

/** How often 32 clients, each waiting for its answer, got one in a second. */
const inParallel = <E, R>(reserve: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function*() {
    let done = 0
    const end = (yield* Clock.currentTimeMillis) + seconds * 1000
    const client = Effect.gen(function*() {
      while ((yield* Clock.currentTimeMillis) < end) {
        yield* reserve
        done += 1
      }
    })
    yield* Effect.all(Array.from({ length: clients }, () => client), { concurrency: clients, discard: true })
    return done / seconds
  })

/**
 * What one writes first: lock the row, look, change it, and note the same facts that our step notes; a transaction for each
 * reservation, statement by statement.
 */
const lockingRow = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const orderId = v7()
  yield* atomically(Effect.gen(function*() {
    yield* sql`INSERT INTO processed_messages (consumer, message_id, type, subject) VALUES ('naive', ${v7()}, 't', 's')`
    yield* sql`SELECT on_hand, reserved FROM stock WHERE sku = 'hot' FOR UPDATE`
    yield* sql`UPDATE stock SET reserved = reserved + 1, version = version + 1 WHERE sku = 'hot'`
    yield* sql`INSERT INTO reservations (order_id, status, version, updated_at) VALUES (${orderId}, 'Active', 1, now())`
    yield* sql`INSERT INTO reservation_lines (order_id, sku, quantity) VALUES (${orderId}, 'hot', 1)`
    yield* sql`
      INSERT INTO stock_movements (sku, kind, quantity, order_id, cause, actor, at)
      VALUES ('hot', 'reserve', 1, ${orderId}, 'c', 'a', now())`
    yield* sql`
      INSERT INTO reservation_transitions
        (order_id, version, from_status, to_status, event, cause, correlation, actor, at)
      VALUES (${orderId}, 1, 'Absent', 'Active', 'e', 'c', 'c', 'a', now())`
    yield* sql`
      WITH appended AS (
        INSERT INTO outbox (message_id, type, subject, envelope) VALUES (${v7()}, 't', ${orderId}, '{}') RETURNING seq
      )
      INSERT INTO outbox_unsent SELECT seq FROM appended`
  }))
})

/** Reservations of one SKU by 32 clients at once, against row locks with a transaction each. */
export const hotSku = Effect.gen(function*() {
  const actor = yield* InventoryActor.InventoryActor
  const sku = Sku.make("hot")
  yield* actor.ask(fromRequest(Receive.make({ sku, receiptId: ReceiptId.make(v7()), quantity: 1_000_000 })))
  const reserve = Effect.suspend(() =>
    actor.ask(
      fromMessage(Reserve.make({ orderId: OrderId.make(v7()), lines: [{ sku, quantity: Quantity.make(1) }] }))
    )
  )
  // Both are warm before they count.
  for (const step of [reserve, lockingRow, reserve]) yield* inParallel(step)
  const naive: Array<number> = []
  const ours: Array<number> = []
  // By turns, since the disk that both wait for is not always as fast.
  for (let round = 0; round < rounds; round++) {
    naive.push(yield* inParallel(lockingRow))
    ours.push(yield* inParallel(reserve))
  }
  return [rate("one hot SKU, 32 concurrent reservations", "per second", median(ours), median(naive), 8)]
}).pipe(Effect.provide(Inventory))
