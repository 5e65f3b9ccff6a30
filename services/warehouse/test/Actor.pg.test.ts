import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { fromMessage, fromRequest } from "@quartet/messaging/testing/Submissions"
import { Effect, Option } from "effect"
import { v7 } from "uuid"
import { WarehouseActor } from "../src/Actor.ts"
import { CancelShipment, Dispatch } from "../src/domain/Command.ts"
import { WarehouseViews } from "../src/Views.ts"
import { freshOrder, lines, Warehouse } from "./support.ts"

const outboxOf = (orderId: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql<{ type: string }>`SELECT type FROM outbox WHERE subject = ${orderId} ORDER BY seq`.pipe(
        Effect.map((rows) => rows.map(({ type }) => type))
      )
  )

layer(Warehouse, { excludeTestServices: true, timeout: 60_000 })("the warehouse's actor", (it) => {
  it.effect("prepares, ships and says so, with every step in the audit trail (H43)", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const sql = yield* SqlClient.SqlClient
      const { committed, orderId, paid, shipmentId } = freshOrder()
      const cause = v7()
      yield* actor.submit([fromMessage(paid, { by: "order", id: cause }), fromMessage(committed)])
      yield* actor.ask(fromRequest(Dispatch.make({ orderId }), "operator:ann"))

      const view = Option.getOrThrow(yield* (yield* WarehouseViews).find(orderId))
      assert.deepStrictEqual(
        { status: view.status, shipmentId: view.shipmentId, lines: view.lines, version: view.version },
        { status: "Shipped", shipmentId, lines, version: 3 }
      )
      assert.deepStrictEqual(yield* outboxOf(orderId), ["warehouse.dispatch_due.v1", "warehouse.shipped.v1"])
      const trail = yield* sql`
        SELECT version, from_status, to_status, event, actor FROM shipment_transitions
        WHERE order_id = ${orderId} ORDER BY version`
      assert.deepStrictEqual(trail, [
        { version: 1, from_status: "Absent", to_status: "AwaitingStock", event: "PaymentNoted", actor: "order" },
        { version: 2, from_status: "AwaitingStock", to_status: "Ready", event: "ShipmentPrepared", actor: "test" },
        { version: 3, from_status: "Ready", to_status: "Shipped", event: "ShipmentDispatched", actor: "operator:ann" }
      ])
      const [first] = yield* sql`SELECT cause FROM shipment_transitions WHERE order_id = ${orderId} AND version = 1`
      assert.deepStrictEqual(first, { cause })
    }))

  it.effect("ships once when payment and stock are heard five times each, all at once (H99)", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const { committed, orderId, paid } = freshOrder()
      yield* Effect.forEach(
        Array.from({ length: 5 }),
        () => actor.submit([fromMessage(paid), fromMessage(committed), fromMessage(Dispatch.make({ orderId }))]),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(
        (yield* outboxOf(orderId)).filter((type) => type === "warehouse.shipped.v1"),
        ["warehouse.shipped.v1"]
      )
    }))

  it.effect("lets either the cancellation or the shipment win, and never both (H30)", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const orders = Array.from({ length: 20 }, freshOrder)
      yield* actor.submit(orders.flatMap(({ committed, paid }) => [fromMessage(paid), fromMessage(committed)]))
      yield* Effect.forEach(orders, ({ orderId }) =>
        Effect.all([
          actor.submit([fromMessage(Dispatch.make({ orderId }))]),
          actor.submit([fromMessage(CancelShipment.make({ orderId }))])
        ], { concurrency: 2 }), { concurrency: "unbounded" })
      for (const { orderId } of orders) {
        const said = (yield* outboxOf(orderId)).filter((type) => type !== "warehouse.dispatch_due.v1")
        assert.strictEqual(said.length, 1, said.join())
      }
    }))
})
