import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { atomically } from "@quartet/messaging/Transaction"
import { Effect, HashMap, Option } from "effect"
import { WarehouseActor } from "../src/Actor.ts"
import { DispatchWhenDue, ForbidShipment } from "../src/domain/Command.ts"
import { WarehouseRepository } from "../src/Repository.ts"
import { WarehouseViews } from "../src/Views.ts"
import { freshOrder, Warehouse } from "./support.ts"

layer(Warehouse, { excludeTestServices: true, timeout: 60_000 })("the warehouse's tables", (it) => {
  it.effect("give back every state as it was saved, and nothing for an order never heard of", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const { load } = yield* WarehouseRepository
      const orders = Array.from({ length: 5 }, freshOrder)
      const [awaitingStock, awaitingPayment, shipped, stopped, unknown] = orders.map(({ orderId }) => orderId)
      const [a, b, c, d] = orders
      if (!a || !b || !c || !d) return assert.fail("five orders were made")
      yield* actor.submit(
        [a.paid, b.committed, c.paid, c.committed, DispatchWhenDue.make(c), ForbidShipment.make(d)].map((command) =>
          fromMessage(command)
        )
      )
      const loaded = yield* atomically(load(orders.map(({ orderId }) => orderId)))
      const statusOf = (id: typeof a.orderId | undefined) =>
        id && Option.map(HashMap.get(loaded, id), ({ _tag }) => _tag)
      assert.deepStrictEqual(statusOf(awaitingStock), Option.some("AwaitingStock"))
      assert.deepStrictEqual(statusOf(awaitingPayment), Option.some("AwaitingPayment"))
      assert.deepStrictEqual(statusOf(shipped), Option.some("Shipped"))
      assert.deepStrictEqual(statusOf(stopped), Option.some("Stopped"))
      assert.deepStrictEqual(statusOf(unknown), Option.none())
    }))

  it.effect("refuse a shipped parcel without a number, an empty line and a status nobody knows (H162)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const id = freshOrder().orderId
      const insert = (status: string) =>
        Effect.flip(
          sql`INSERT INTO shipments (order_id, status, version, updated_at) VALUES (${id}, ${status}, 1, now())`
        )
      assert.strictEqual((yield* insert("Shipped"))._tag, "SqlError")
      assert.strictEqual((yield* insert("Lost"))._tag, "SqlError")
      yield* sql`INSERT INTO shipments (order_id, status, version, updated_at) VALUES (${id}, 'Stopped', 1, now())`
      const line = yield* Effect.flip(sql`INSERT INTO shipment_lines (order_id, sku, quantity) VALUES (${id}, 'a', 0)`)
      assert.strictEqual(line._tag, "SqlError")
    }))

  it.effect("are listed in pages, by status", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const views = yield* WarehouseViews
      const orders = Array.from({ length: 7 }, freshOrder)
      yield* actor.submit(orders.map(({ orderId }) => fromMessage(ForbidShipment.make({ orderId }))))
      const status = Option.some("Stopped" as const)
      const first = yield* views.list({ status, after: Option.none(), limit: 4 })
      const rest = yield* views.list({ status, after: Option.fromNullable(first.at(-1)?.orderId), limit: 100 })
      const seen = [...first, ...rest].map(({ orderId }) => orderId)
      assert.includeMembers(seen, orders.map(({ orderId }) => orderId))
      assert.strictEqual(new Set(seen).size, seen.length)
      assert.strictEqual(first.length, 4)
    }))
})
