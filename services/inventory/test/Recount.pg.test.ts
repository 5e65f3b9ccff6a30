import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import type { Sku } from "@quartet/contracts/Ids"
import { Deferred, Effect, Fiber, Layer, Option, Schedule } from "effect"
import { InventoryActor } from "../src/Actor.ts"
import * as Recount from "../src/Recount.ts"
import * as S from "./support.ts"

/** Ten units of a SKU, two of them held and three gone for good. */
const stocked = Effect.gen(function*() {
  const { submit } = yield* InventoryActor
  const sku = S.freshSku()
  const [held, taken] = [S.freshOrder(), S.freshOrder()]
  yield* submit([
    S.receive(sku, 10),
    S.reserve(held, [sku, 2]),
    S.reserve(taken, [sku, 3]),
    S.commit(taken, [sku, 3])
  ].map((command) => S.heard(command)))
  return { sku, held }
})

const levelOf = (sku: Sku) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ level: string }>`
        SELECT format('%s %s %s', received, on_hand, reserved) AS level FROM stock WHERE sku = ${sku}`,
      ([row]) => row?.level
    ))

const recounts = (sku: Sku) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ recount: string }>`
        SELECT format('%s %s %s, not %s %s %s', received, on_hand, reserved, received_before, on_hand_before,
          reserved_before) AS recount FROM stock_recounts WHERE sku = ${sku} ORDER BY recount_id`,
      (rows) => rows.map((row) => row.recount)
    ))

const foundOf = (sku: Sku) =>
  Effect.flatMap(
    Recount.Recount,
    ({ look }) =>
      Effect.map(look(Option.none()), ({ mismatches }) => mismatches.filter(({ id }) => id === `inventory/${sku}`))
  )

const repair = (sku: Sku) =>
  Effect.flatMap(Recount.Recount, (recount) => recount.repair(new Set([`inventory/${sku}`]), Option.none()))

layer(Layer.provideMerge(Recount.layer, S.Inventory), { excludeTestServices: true, timeout: 60_000 })(
  "a level that was changed past its ledger",
  (it) => {
    it.effect("is what its ledger adds up to again, with a note of what it was, and only once (H207)", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { sku } = yield* stocked
        assert.deepStrictEqual(yield* foundOf(sku), [])
        yield* sql`UPDATE stock SET received = 12, on_hand = 9, reserved = 1 WHERE sku = ${sku}`
        assert.deepStrictEqual((yield* foundOf(sku)).map(({ remedy }) => remedy), ["repair"])
        assert.deepStrictEqual((yield* repair(sku)).repaired, [`inventory/${sku}`])
        assert.strictEqual(yield* levelOf(sku), "10 7 2")
        assert.deepStrictEqual(yield* recounts(sku), ["10 7 2, not 12 9 1"])
        assert.deepStrictEqual(yield* foundOf(sku), [])
        assert.deepStrictEqual((yield* repair(sku)).repaired, [])
        assert.lengthOf(yield* recounts(sku), 1)
      }))

    it.effect("is a person's when orders and ledger contradict each other, and nothing is changed (H207)", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { held, sku } = yield* stocked
        yield* sql`UPDATE reservations SET status = 'Committed' WHERE order_id = ${held}`
        assert.deepStrictEqual((yield* foundOf(sku)).map(({ remedy }) => remedy), ["person"])
        const { mismatches, repaired } = yield* repair(sku)
        assert.deepStrictEqual(repaired, [])
        assert.include(mismatches.map(({ id }) => id), `inventory/${sku}`)
        assert.strictEqual(yield* levelOf(sku), "10 7 2")
        assert.deepStrictEqual(yield* recounts(sku), [])
      }))

    it.effect("is counted after whoever is moving it, and takes no movement back (H94, H207)", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { submit } = yield* InventoryActor
        const { sku } = yield* stocked
        yield* sql`UPDATE stock SET reserved = 1 WHERE sku = ${sku}`
        const waiting = Effect.map(
          sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
          (rows) => rows.length
        )
        const many = (wanted: number) =>
          Effect.repeat(waiting, { until: (count) => count === wanted, schedule: Schedule.spaced("10 millis") })
        const locked = yield* Deferred.make<void>()
        const go = yield* Deferred.make<void>()
        const holder = yield* sql`SELECT 1 FROM stock WHERE sku = ${sku} FOR UPDATE`.pipe(
          Effect.zipRight(Deferred.succeed(locked, undefined)),
          Effect.zipRight(Deferred.await(go)),
          sql.withTransaction,
          Effect.fork
        )
        yield* Deferred.await(locked)
        const moving = yield* Effect.fork(submit([S.heard(S.reserve(S.freshOrder(), [sku, 4]))]))
        yield* many(1)
        const recounting = yield* Effect.fork(repair(sku))
        yield* many(2)
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(holder)
        yield* Fiber.join(moving)
        yield* Fiber.join(recounting)
        assert.strictEqual(yield* levelOf(sku), "10 7 6")
        assert.deepStrictEqual(yield* foundOf(sku), [])
      }))
  }
)
