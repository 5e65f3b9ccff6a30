import type { PgClient } from "@effect/sql-pg/PgClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Random, Ref } from "effect"
import {
  allSaid,
  business,
  changePlaces,
  heard,
  said,
  sayAgain,
  sayTwice,
  schemas,
  waitingTogether
} from "../support/Archive.ts"
import { seeded, someMoment } from "../support/Chance.ts"
import { changedAnswers, crowd, newDiary } from "../support/Crowd.ts"
import { superuser } from "../support/Rows.ts"
import { brokenAtRest, newProduct, until, webhooksDelivered } from "../support/Shop.ts"
import * as System from "../support/System.ts"

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("what was said once", (it) => {
  const lived = Effect.gen(function*() {
    const diary = newDiary()
    yield* crowd(diary, yield* newProduct(1000), 8, Effect.succeed(false))
    assert.deepStrictEqual(yield* brokenAtRest(), [])
    yield* webhooksDelivered
    return diary
  })
  const state = (sql: PgClient) => Effect.all({ business: business(sql), said: said(sql) })
  const repeated = (sql: PgClient) => Effect.zipRight(sayAgain(sql), allSaid(sql))

  it.effect("is said again in another order, and changes nothing (H124, H136, H137, H146)", () =>
    seeded(
      Effect.gen(function*() {
        const { ended } = yield* lived
        assert.isAbove(ended.size, 0)
        const sql = yield* superuser
        const [before, known] = [yield* state(sql), yield* heard(sql)]
        yield* repeated(sql)
        assert.deepStrictEqual(yield* state(sql), before)
        // What came of each message then is what is on record now: it was not decided again.
        const now = new Set(yield* heard(sql))
        assert.deepStrictEqual(known.filter((row) => !now.has(row)), [])
        assert.isAbove(known.length, 0)
      }).pipe(Effect.scoped)
    ))

  it.effect("is said again though nobody remembers having heard it, and changes nothing (H145)", () =>
    seeded(
      Effect.gen(function*() {
        yield* lived
        const sql = yield* superuser
        const before = yield* state(sql)
        yield* Effect.forEach(schemas, (schema) => sql`DELETE FROM ${sql(`${schema}.processed_messages`)}`)
        yield* repeated(sql)
        assert.deepStrictEqual(yield* state(sql), before)
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }).pipe(Effect.scoped)
    ))

  it.effect("comes twice and in the wrong order while orders run, and every order ends as it should (H103, H124, H137)", () =>
    seeded(
      Effect.gen(function*() {
        const sql = yield* superuser
        const diary = newDiary()
        const goesOn = yield* Ref.make(true)
        const orders = yield* Effect.fork(crowd(diary, yield* newProduct(1000), 16, Ref.get(goesOn)))
        let swapped = 0
        let doubled = 0
        const trouble = Effect.gen(function*() {
          yield* someMoment(100)
          const schema = yield* Effect.map(Random.shuffle([...schemas, "order", "order"]), ([first = ""]) => first)
          // While somebody else holds the lease, this service's messages wait and can change places.
          yield* sql`UPDATE ${
            sql(`${schema}.relay_lease`)
          } SET holder = 'the test', expires_at = now() + interval '10 s'`
          yield* someMoment(100)
          // Whatever waits by then changes places, even if it is not two of one order.
          yield* Effect.option(until(waitingTogether(sql, schema), (orders) => orders > 0, "400 millis"))
          swapped += yield* changePlaces(sql, schema)
          doubled += yield* sayTwice(sql, schema)
          yield* sql`UPDATE ${sql(`${schema}.relay_lease`)} SET expires_at = now() - interval '1 s'`
        })
        yield* Effect.raceFirst(Effect.repeatN(trouble, 14), Effect.zipRight(Fiber.join(orders), Effect.never))
        yield* Ref.set(goesOn, false)
        yield* Fiber.join(orders)

        assert.isAbove(swapped, 0, "no order's messages changed places")
        assert.isAbove(doubled, 0)
        assert.deepStrictEqual(diary.shocking, [])
        assert.deepStrictEqual(yield* changedAnswers(diary), [])
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }).pipe(Effect.scoped)
    ))
})
