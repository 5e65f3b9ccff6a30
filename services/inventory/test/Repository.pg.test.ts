import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { eventsOf } from "@quartet/messaging/Decision"
import { written } from "@quartet/messaging/testing/Written"
import { atomically } from "@quartet/messaging/Transaction"
import { DateTime, Deferred, Effect, Fiber, HashMap, Option, Schedule } from "effect"
import type { InventoryCommand } from "../src/domain/Command.ts"
import { decide } from "../src/domain/Decider.ts"
import type { Inventory } from "../src/domain/State.ts"
import { available, evolve } from "../src/domain/State.ts"
import type { InventoryStep } from "../src/Ledger.ts"
import { InventoryRepository } from "../src/Repository.ts"
import * as S from "./support.ts"

/** The steps that the commands are, one after the other, beginning with what was loaded. */
const stepsOf = (loaded: Inventory, commands: ReadonlyArray<InventoryCommand>, at: DateTime.Utc) => {
  let after = loaded
  const steps: Array<InventoryStep> = []
  for (const command of commands) {
    for (const event of eventsOf(decide(after, command))) {
      const before = after
      after = evolve(before, event)
      steps.push({ event, submission: S.heard(command), before, after, at })
    }
  }
  return { steps, after }
}

const save = Effect.fnUntraced(function*(...commands: ReadonlyArray<InventoryCommand>) {
  const repository = yield* InventoryRepository
  const loaded = yield* repository.load(commands)
  const { after, steps } = stepsOf(loaded, commands, yield* DateTime.now)
  if (steps.length > 0) yield* written(repository.save(steps, after))
  return { loaded, after }
})

const load = (...commands: ReadonlyArray<InventoryCommand>) =>
  atomically(Effect.flatMap(InventoryRepository, (repository) => repository.load(commands)))

const refusedBecause = (constraint: string) => (cause: unknown) => assert.include(String(cause), constraint)

layer(S.Inventory, { excludeTestServices: true, timeout: 120_000 })("the inventory's repository", (it) => {
  it.effect("loads what it saved, for every state a reservation can be in", () =>
    Effect.gen(function*() {
      const [sku, other] = [S.freshSku(), S.freshSku()]
      const orders = Array.from({ length: 7 }, S.freshOrder)
      const [active, committed, released, refused, lost, tombstone, closed] = orders
      assert(active && committed && released && refused && lost && tombstone && closed)
      const wanted = [sku, 1] satisfies [typeof sku, number]
      const commands = [
        S.receive(sku, 3),
        S.receive(other, 1),
        ...[active, committed, released].map((id) => S.reserve(id, wanted, wanted)),
        S.reserve(active, wanted, [other, 1]),
        S.commit(committed, wanted),
        S.release(released, "order_cancelled"),
        S.reserve(refused, [sku, 9]),
        S.commit(lost, [sku, 9]),
        S.release(tombstone, "payment_failed"),
        S.release(closed, "payment_failed"),
        S.release(closed, "order_failed")
      ]
      const { after } = yield* atomically(save(...commands))
      const loaded = yield* load(...commands)
      assert.deepStrictEqual(HashMap.toEntries(loaded.stock).toSorted(), HashMap.toEntries(after.stock).toSorted())
      assert.deepStrictEqual(
        orders.map((id) => HashMap.get(loaded.reservations, id)),
        orders.map((id) => HashMap.get(after.reservations, id))
      )
      assert.strictEqual(HashMap.size(loaded.reservations), 7)
    }))

  it.effect("changes a level by what moved and never writes it over, though it changed since it was read (H94)", () =>
    Effect.gen(function*() {
      const repository = yield* InventoryRepository
      const [sku, order] = [S.freshSku(), S.freshOrder()]
      yield* atomically(save(S.receive(sku, 3)))
      const commands = [S.reserve(order, [sku, 2]), S.commit(order, [sku, 2])]
      const { after, steps } = stepsOf(yield* load(...commands), commands, yield* DateTime.now)
      yield* atomically(save(S.receive(sku, 10)))
      yield* atomically(written(repository.save(steps, after)))
      const { stock } = yield* load(S.receive(sku, 1))
      const level = { sku, received: 13, onHand: 11, reserved: 0, version: 4 }
      assert.deepStrictEqual(HashMap.get(stock, sku), Option.some(level))
    }))

  it.effect("lets the second transaction see what the first left of an order, shares included (H92)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [sku, order] = [S.freshSku(), S.freshOrder()]
      yield* atomically(save(S.receive(sku, 5), S.release(order, "payment_failed")))
      const saved = yield* Deferred.make<void>()
      const mayCommit = yield* Deferred.make<void>()
      const first = yield* atomically(Effect.gen(function*() {
        yield* save(S.commit(order, [sku, 2]))
        yield* Deferred.succeed(saved, undefined)
        yield* Deferred.await(mayCommit)
      })).pipe(Effect.fork)
      yield* Deferred.await(saved)
      const second = yield* Effect.fork(atomically(save(S.release(order, "order_cancelled"))))
      yield* sql<{ waiting: number }>`
        SELECT count(*)::int AS waiting FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`.pipe(
        Effect.repeat({ until: ([row]) => row?.waiting === 1, schedule: Schedule.spaced("5 millis") }),
        Effect.timeout("10 seconds")
      )
      yield* Deferred.succeed(mayCommit, undefined)
      yield* Fiber.join(first)
      const { loaded } = yield* Fiber.join(second)
      const seen = Option.getOrThrow(HashMap.get(loaded.reservations, order))
      assert.strictEqual(seen._tag, "Committed")
      assert.deepStrictEqual(seen.shares, [{ sku, quantity: 2 }])
      const { stock } = yield* load(S.receive(sku, 1))
      assert.strictEqual(Option.match(HashMap.get(stock, sku), { onNone: () => 0, onSome: available }), 5)
    }))

  it.effect("keeps a ledger that nobody can change or shorten", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* atomically(save(S.receive(S.freshSku(), 3)))
      for (
        const attempt of [
          sql`UPDATE stock_movements SET quantity = quantity + 1`,
          sql`DELETE FROM stock_movements`,
          sql`TRUNCATE stock_movements`
        ]
      ) {
        const error = yield* Effect.flip(attempt)
        refusedBecause("append-only")(error.cause)
      }
    }))

  it.effect("has a constraint behind every rule of the decider (H86, H162)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const sku = S.freshSku()
      yield* atomically(save(S.receive(sku, 3)))
      const changes = ["reserved = 4", "reserved = -1", "on_hand = -1", "on_hand = 4", "received = -1"]
      for (const change of changes) {
        const error = yield* Effect.flip(sql`UPDATE stock SET ${sql.literal(change)} WHERE sku = ${sku}`)
        refusedBecause("stock_")(error.cause)
      }
    }))
})
