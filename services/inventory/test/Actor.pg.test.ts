import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import type { Sku } from "@quartet/contracts/Ids"
import { Context, Effect, Layer, Option } from "effect"
import { v7 } from "uuid"
import * as Actor from "../src/Actor.ts"
import * as S from "./support.ts"

const level = Effect.fnUntraced(function*(sku: Sku) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql`SELECT received::int, on_hand::int, reserved::int FROM stock WHERE sku = ${sku}`
  return row
})

const statuses = Effect.fnUntraced(function*(sku: Sku) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ status: string; orders: number }>`
    SELECT status, count(*)::int AS orders FROM reservations JOIN reservation_lines USING (order_id)
    WHERE sku = ${sku} GROUP BY status ORDER BY status`
  return Object.fromEntries(rows.map(({ orders, status }) => [status, orders]))
})

/** What was said about the order, in order. */
const said = Effect.fnUntraced(function*(orderId: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ type: string }>`SELECT type FROM outbox WHERE subject = ${orderId} ORDER BY seq`
  return rows.map(({ type }) => type)
})

const tags = (outcomes: ReadonlyArray<{ readonly _tag: string }>) => new Set(outcomes.map(({ _tag }) => _tag))

/** The ledger and the levels agree to the unit, over everything any test did. */
const balanced = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const drift = yield* sql`
    SELECT s.sku FROM stock AS s
    LEFT JOIN (
      SELECT sku, sum(quantity) FILTER (WHERE status = 'Active') AS active,
        sum(quantity) FILTER (WHERE status = 'Committed') AS committed
      FROM reservations JOIN reservation_lines USING (order_id) GROUP BY sku) AS r USING (sku)
    LEFT JOIN (
      SELECT sku, sum(quantity) FILTER (WHERE kind = 'receipt') AS received,
        coalesce(sum(quantity) FILTER (WHERE kind = 'commit'), 0)
          - coalesce(sum(quantity) FILTER (WHERE kind = 'return'), 0) AS gone
      FROM stock_movements GROUP BY sku) AS m USING (sku)
    WHERE s.received <> s.on_hand + coalesce(r.committed, 0) OR s.reserved <> coalesce(r.active, 0)
      OR s.received <> m.received OR s.on_hand <> m.received - m.gone`
  assert.deepStrictEqual(drift, [])
})

layer(S.Inventory, { excludeTestServices: true, timeout: 120_000 })("the inventory actor", (it) => {
  it.effect("serves 500 orders at once for one SKU and gives out exactly the stock (H86, H97)", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const sku = S.freshSku()
      yield* actor.ask(S.heard(S.receive(sku, 321)))
      const orders = Array.from({ length: 500 }, S.freshOrder)
      const outcomes = yield* Effect.forEach(orders, (order) => actor.submit([S.heard(S.reserve(order, [sku, 1]))]), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(tags(outcomes.flat()), new Set(["Done"]))
      assert.deepStrictEqual(yield* statuses(sku), { Active: 321, Refused: 179 })
      assert.deepStrictEqual(yield* level(sku), { received: 321, on_hand: 321, reserved: 321 })
      yield* balanced
    }))

  it.effect("holds all lines of an order or none (H87)", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const [plenty, scarce] = [S.freshSku(), S.freshSku()]
      const orders = Array.from({ length: 20 }, S.freshOrder)
      yield* actor.submit([S.receive(plenty, 100), S.receive(scarce, 3)].map((command) => S.heard(command)))
      yield* actor.submit(orders.map((order) => S.heard(S.reserve(order, [plenty, 2], [scarce, 1]))))
      assert.deepStrictEqual(yield* level(plenty), { received: 100, on_hand: 100, reserved: 6 })
      assert.deepStrictEqual(yield* level(scarce), { received: 3, on_hand: 3, reserved: 3 })
      yield* balanced
    }))

  it.effect("gives stock back once, whatever releases the order and however often it is delivered (H90)", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const [sku, order, delivery] = [S.freshSku(), S.freshOrder(), v7()]
      yield* actor.submit([S.receive(sku, 5), S.reserve(order, [sku, 2])].map((command) => S.heard(command)))
      const outcomes = yield* actor.submit([
        S.heard(S.release(order, "payment_failed"), delivery),
        S.heard(S.release(order, "payment_failed"), delivery),
        S.heard(S.release(order, "payment_failed")),
        S.heard(S.release(order, "order_failed"))
      ])
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Done", "Duplicate", "Done", "Done"])
      assert.deepStrictEqual(yield* level(sku), { received: 5, on_hand: 5, reserved: 0 })
      assert.deepStrictEqual(yield* said(order), ["inventory.reserved.v1", "inventory.released.v1"])
      yield* balanced
    }))

  it.effect("lets a reservation that arrives after its release take nothing (H34, H89)", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const sql = yield* SqlClient.SqlClient
      const [sku, order, late] = [S.freshSku(), S.freshOrder(), v7()]
      yield* actor.submit([S.receive(sku, 5), S.release(order, "order_cancelled")].map((command) => S.heard(command)))
      const outcomes = yield* actor.submit([S.heard(S.reserve(order, [sku, 2]), late)])
      assert.deepStrictEqual(tags(outcomes), new Set(["Done"]))
      assert.deepStrictEqual(yield* level(sku), { received: 5, on_hand: 5, reserved: 0 })
      assert.deepStrictEqual(yield* said(order), [])
      const noted = yield* sql`SELECT outcome, reason FROM processed_messages WHERE message_id = ${late}`
      assert.deepStrictEqual(noted, [{ outcome: "ignored", reason: "the reservation was released before" }])
    }))

  it.scoped("decides one way when a commit and a release meet in two processes (H88, H92)", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const other = Context.get(yield* Layer.build(Layer.fresh(Actor.layer)), Actor.InventoryActor)
      const [one, two] = [S.freshSku(), S.freshSku()]
      const orders = Array.from({ length: 60 }, S.freshOrder)
      yield* actor.submit([S.receive(one, 60), S.receive(two, 60)].map((command) => S.heard(command)))
      // Each process names the SKUs in another order; both must lock them in the same.
      const reserved = yield* Effect.all([
        actor.submit(orders.slice(0, 30).map((order) => S.heard(S.reserve(order, [one, 1], [two, 1])))),
        other.submit(orders.slice(30).map((order) => S.heard(S.reserve(order, [two, 1], [one, 1]))))
      ], { concurrency: "unbounded" })
      const settled = yield* Effect.forEach(orders, (order) =>
        Effect.all([
          actor.submit([S.heard(S.commit(order, [one, 1], [two, 1]))]),
          other.submit([S.heard(S.release(order, "order_cancelled"))])
        ], { concurrency: "unbounded" }), { concurrency: "unbounded" })
      assert.deepStrictEqual(tags([...reserved.flat(), ...settled.flat(2)]), new Set(["Done"]))
      assert.deepStrictEqual(yield* statuses(one), { Released: 60 })
      assert.deepStrictEqual(yield* level(one), { received: 60, on_hand: 60, reserved: 0 })
      yield* balanced
    }))

  it.effect("answers a receipt with the level it led to, and an order with none", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const [sku, order] = [S.freshSku(), S.freshOrder()]
      const [received, reserved] = yield* actor.submit(
        [S.receive(sku, 4), S.reserve(order, [sku, 1])].map((command) => S.heard(command))
      )
      assert.deepInclude(received, {
        _tag: "Done",
        reply: Option.some({ sku, received: 4, onHand: 4, reserved: 0, version: 1 })
      })
      assert.deepInclude(reserved, { _tag: "Done", reply: Option.none() })
    }))

  it.effect("answers an order for a SKU it never saw, and keeps nothing of it parked (H96)", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const [sku, order] = [S.freshSku(), S.freshOrder()]
      const outcomes = yield* actor.submit([S.heard(S.reserve(order, [sku, 1]))])
      assert.deepStrictEqual(tags(outcomes), new Set(["Done"]))
      assert.deepStrictEqual(yield* said(order), ["inventory.rejected.v1"])
      assert.deepStrictEqual(yield* statuses(sku), { Refused: 1 })
      assert.isUndefined(yield* level(sku))
    }))

  it.effect("keeps every change of a reservation in its audit trail, with its cause (H36)", () =>
    Effect.gen(function*() {
      const actor = yield* Actor.InventoryActor
      const sql = yield* SqlClient.SqlClient
      const [sku, order, cause] = [S.freshSku(), S.freshOrder(), v7()]
      const commands = [S.receive(sku, 4), S.reserve(order, [sku, 1]), S.commit(order, [sku, 1])]
      yield* actor.submit(commands.map((command) => S.heard(command)))
      yield* actor.submit([S.heard(S.commit(order, [sku, 1])), S.heard(S.release(order, "order_cancelled"), cause)])
      const trail = yield* sql`
        SELECT version, from_status || ' ' || to_status AS change FROM reservation_transitions
        WHERE order_id = ${order} ORDER BY version`
      assert.deepStrictEqual(trail, [
        { version: 1, change: "Absent Active" },
        { version: 2, change: "Active Committed" },
        { version: 3, change: "Committed Released" }
      ])
      const movements = yield* sql`
        SELECT kind, quantity::int, actor, cause = ${cause} AS last FROM stock_movements
        WHERE order_id = ${order} ORDER BY seq`
      assert.deepStrictEqual(movements, [
        { kind: "reserve", quantity: 1, actor: "order", last: false },
        { kind: "commit", quantity: 1, actor: "order", last: false },
        { kind: "return", quantity: 1, actor: "order", last: true }
      ])
    }))
})
