import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { atomically } from "@quartet/messaging/Transaction"
import { Effect, Exit, Fiber, HashMap, Layer, Option } from "effect"
import { orderIn } from "../src/domain/Decider.ts"
import { OrderRepository } from "../src/Repository.ts"
import * as O from "./support/Orders.ts"
import { actors, countOf, database, fresh, held, through, untilSomebodyWaits } from "./support/Service.ts"

layer(Layer.provideMerge(actors, database()), { excludeTestServices: true })("the order repository", (it) => {
  const stages: ReadonlyArray<O.Stage> = [
    "Draft",
    "Reserved",
    "PaymentPending",
    "Paid",
    "Cancelling",
    "Shipped",
    "Failed",
    "Cancelled"
  ]
  for (const stage of stages) {
    it.effect(`gives back an order as it was kept: ${stage}`, () =>
      Effect.gen(function*() {
        const { about, orderId } = fresh()
        const outcomes = yield* through(O.histories[stage].map((command) => about(command)))
        const last = outcomes.at(-1)
        const repository = yield* OrderRepository
        const slice = yield* repository.load([about(O.pay)]).pipe(atomically)
        assert.deepStrictEqual(
          last?._tag === "Done" ? orderIn(slice, orderId) : undefined,
          last?._tag === "Done" ? last.reply : null
        )
        assert.strictEqual(yield* countOf("order_transitions", orderId), O.histories[stage].length)
      }))
  }

  it.effect("keeps the next action, with and without an address", () =>
    Effect.gen(function*() {
      const repository = yield* OrderRepository
      for (const nextAction of [O.action.nextAction, { type: "use_app" }]) {
        const { about, orderId } = fresh()
        yield* through([...O.histories.PaymentPending, { ...O.action, nextAction }].map((command) => about(command)))
        const order = orderIn(yield* repository.load([about(O.pay)]).pipe(atomically), orderId)
        assert.deepInclude(order, { _tag: "PaymentPending", nextAction: Option.some(nextAction) })
      }
    }))

  it.effect("loads the products that are being ordered, and none otherwise", () =>
    Effect.gen(function*() {
      const repository = yield* OrderRepository
      const { place, reserve } = fresh()
      const placing = yield* repository.load([place]).pipe(atomically)
      assert.deepStrictEqual(HashMap.get(placing.products, O.tea), HashMap.get(O.products, O.tea))
      assert.strictEqual(HashMap.size(placing.products), 2)
      assert.strictEqual(HashMap.size((yield* repository.load([reserve]).pipe(atomically)).products), 0)
    }))

  it.effect("waits for whoever has the order in hand (H41, H138)", () =>
    Effect.gen(function*() {
      const repository = yield* OrderRepository
      const { orderId, pay, place } = fresh()
      yield* through([place])
      const other = yield* held(orderId)
      const loading = yield* Effect.fork(repository.load([pay]).pipe(atomically))
      yield* Effect.raceFirst(untilSomebodyWaits, Fiber.await(loading))
      assert.isTrue(Option.isNone(yield* Fiber.poll(loading)))
      yield* other.release
      assert.deepInclude(orderIn(yield* Fiber.join(loading), orderId), { _tag: "Draft", version: 1 })
    }))

  it.effect("refuses in the database what must never be kept (H182, H184)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { orderId, place } = fresh()
      yield* through([place])
      const refused = [
        sql`UPDATE orders SET total_amount = 0 WHERE order_id = ${orderId}`,
        sql`UPDATE orders SET total_amount = 9007199254740992 WHERE order_id = ${orderId}`,
        sql`UPDATE orders SET version = 0 WHERE order_id = ${orderId}`,
        sql`UPDATE orders SET status = 'Lost' WHERE order_id = ${orderId}`,
        sql`UPDATE orders SET status = 'Reserved' WHERE order_id = ${orderId}`,
        sql`UPDATE orders SET reason = 'declined' WHERE order_id = ${orderId}`,
        sql`UPDATE order_lines SET quantity = 0 WHERE order_id = ${orderId}`,
        sql`UPDATE order_lines SET quantity = 1001 WHERE order_id = ${orderId}`
      ]
      for (const statement of refused) assert.isTrue(Exit.isFailure(yield* Effect.exit(statement)))
    }))

  it.effect("never changes or forgets the audit trail (H43)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { orderId, place } = fresh()
      yield* through([place])
      for (
        const statement of [
          sql`UPDATE order_transitions SET event = 'x' WHERE order_id = ${orderId}`,
          sql`DELETE FROM order_transitions WHERE order_id = ${orderId}`
        ]
      ) assert.isTrue(Exit.isFailure(yield* Effect.exit(statement)))
      assert.strictEqual(yield* countOf("order_transitions", orderId), 1)
    }))
})
