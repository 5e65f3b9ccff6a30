import { assert } from "@effect/vitest"
import { Effect, Fiber, Random, Ref } from "effect"
import { someMoment } from "./Chance.ts"
import { changedAnswers, crowd, newDiary } from "./Crowd.ts"
import * as Quartet from "./Quartet.ts"
import { rowsOf } from "./Rows.ts"
import { brokenAtRest, newProduct, until } from "./Shop.ts"

/** How long the crowd may take for the orders between two faults. */
const patience = "4 minutes"

/**
 * Lets a crowd place at least so many orders while the faults strike one after the other, at moments of their own all
 * along the way, and looks at what is left. Gives what the crowd lived through.
 */
export const survives = Effect.fn("Survival.survives")(
  function*<E, R>(orders: number, faults: ReadonlyArray<Effect.Effect<unknown, E, R>>) {
    const sku = yield* newProduct(10_000)
    const diary = newDiary()
    const placed = Effect.sync(() => diary.deeds.filter(({ request }) => request.url.endsWith("/orders")).length)
    const over = yield* Ref.make(false)
    const goesOn = Effect.zipWith(Ref.get(over), placed, (isOver, count) => !isOver || count < orders)
    const crowded = yield* Effect.fork(crowd(diary, sku, 6, goesOn))
    const gap = Math.max(1, Math.floor(orders / (faults.length + 1)))
    const strike = (fault: Effect.Effect<unknown, E, R>) =>
      Effect.gen(function*() {
        const enough = (yield* placed) + (yield* Random.nextIntBetween(1, 2 * gap))
        yield* until(placed, (count) => count >= enough, patience)
        yield* someMoment(60)
        yield* fault
      })
    // A customer who gives up must not leave the test waiting for orders.
    yield* Effect.raceFirst(
      Effect.forEach(faults, strike, { discard: true }),
      Effect.zipRight(Fiber.join(crowded), Effect.never)
    )
    yield* Ref.set(over, true)
    yield* Fiber.join(crowded)

    assert.deepStrictEqual(diary.shocking, [])
    assert.deepStrictEqual(yield* changedAnswers(diary), [])
    assert.deepStrictEqual(yield* brokenAtRest(), [])

    // Each visit has placed one order under one key: there are as many orders as were acknowledged, and the same (H15).
    const kept = yield* rowsOf((sql) =>
      sql<{ id: string; status: string }>`
    SELECT DISTINCT o.order_id::text AS id, o.status FROM "order".orders AS o JOIN "order".order_lines AS l USING (order_id)
    WHERE l.sku = ${sku} ORDER BY id`
    )
    assert.deepStrictEqual(
      kept.map(({ id, status }) => [id, status]),
      [...diary.ended].toSorted(([one], [other]) => one < other ? -1 : 1)
    )
    assert.isAtLeast(kept.length, orders)
    assert.isAbove(kept.filter(({ status }) => status === "Shipped").length, 0)
    return diary
  }
)

/** A quartet in one process survives that blow, again and again, and is started again each time. */
export const survivesBlows = Effect.fn("Survival.survivesBlows")(
  function*(blows: number, blow: (quartet: Quartet.Quartet["Type"]) => Effect.Effect<void>) {
    const quartet = yield* Quartet.Quartet
    const again = Effect.zipRight(blow(quartet), quartet.start)
    const { broken } = yield* survives(6 * blows, Array.from({ length: blows }, () => again))
    assert.isAbove(broken.length, 0, "no request was ever cut off: the blows fell on nobody")
  }
)
