import { assert } from "@effect/vitest"
import { Effect, Fiber, Random, Ref } from "effect"
import { someMoment } from "./Chance.ts"
import { changedAnswers, crowd, newDiary } from "./Crowd.ts"
import * as Quartet from "./Quartet.ts"
import { rowsOf } from "./Rows.ts"
import { brokenAtRest, newProduct, until } from "./Shop.ts"

/** Lets a crowd order while the blow falls again and again at moments of its own, and looks at what is left. */
export const survives = Effect.fn("Survival.survives")(
  function*(blows: number, blow: (quartet: Quartet.Quartet["Type"]) => Effect.Effect<void>) {
    const quartet = yield* Quartet.Quartet
    const sku = yield* newProduct(10_000)
    const diary = newDiary()
    const goesOn = yield* Ref.make(true)
    const orders = yield* Effect.fork(crowd(diary, sku, 6, Ref.get(goesOn)))
    const strike = Effect.gen(function*() {
      const enough = diary.deeds.length + (yield* Random.nextIntBetween(4, 20))
      yield* until(Effect.sync(() => diary.deeds.length), (deeds) => deeds >= enough)
      yield* someMoment(60)
      yield* blow(quartet)
      yield* quartet.start
    })
    // A customer who gives up must not leave the test waiting for deeds.
    yield* Effect.raceFirst(Effect.repeatN(strike, blows - 1), Effect.zipRight(Fiber.join(orders), Effect.never))
    yield* Ref.set(goesOn, false)
    yield* Fiber.join(orders)

    assert.isAbove(diary.broken.length, 0, "no request was ever cut off: the blows fell on nobody")
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
    assert.isAbove(kept.filter(({ status }) => status === "Shipped").length, 0)
  }
)
