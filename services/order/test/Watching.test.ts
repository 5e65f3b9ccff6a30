import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { Seen } from "../src/Views.ts"
import * as Watching from "../src/Watching.ts"
import * as O from "./support/Orders.ts"

const orderNow = () => {
  const { order } = O.given(O.histories.Reserved)
  return order._tag === "Absent" ? assert.fail("no order") : order
}

/** What was looked for, look by look. */
const looking = Effect.gen(function*() {
  const looks: Array<Seen> = []
  const answers: Array<ReturnType<Parameters<typeof Watching.make>[0]>> = []
  const watching = yield* Watching.make((seen) => {
    looks.push(seen)
    return answers.shift() ?? Effect.succeed([])
  })
  return { ...watching, looks, answers }
})

describe("watching orders", () => {
  it.scoped("looks at all of them at once, four times a second, however many watch", () =>
    Effect.gen(function*() {
      const { answers, looks, watch } = yield* looking
      const [order, other] = [orderNow(), O.newOrderId()]
      const heard: Array<string> = []
      yield* watch(order.orderId, 2, () => heard.push("one who knows"))
      yield* watch(order.orderId, 1, () => heard.push("one behind"))
      yield* watch(other, 7, () => heard.push("a stranger"))
      answers.push(Effect.succeed([order]))
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(heard, ["one behind"])
      assert.deepStrictEqual(looks, [{ [order.orderId]: 1, [other]: 7 }, { [order.orderId]: 2, [other]: 7 }])
    }))

  it.scoped("looks at nothing while nobody watches", () =>
    Effect.gen(function*() {
      const { looks, watch } = yield* looking
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(looks, [])
      yield* Effect.scoped(watch(O.orderId, 1, () => {}))
      yield* TestClock.adjust("1 second")
      const after = looks.length
      assert.isAtMost(after, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(looks.length, after)
    }))

  it.scoped("goes on looking after the database was away", () =>
    Effect.gen(function*() {
      const { answers, watch } = yield* looking
      const heard: Array<number> = []
      yield* watch(O.orderId, 1, ({ version }) => heard.push(version))
      answers.push(Effect.fail(new SqlError({ cause: "away" })), Effect.succeed([orderNow()]))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(heard, [2])
    }))

  it.scoped("never tells of an older version after a newer one, or of one twice", () =>
    Effect.gen(function*() {
      const { notify, watch } = yield* looking
      const heard: Array<number> = []
      yield* watch(O.orderId, 1, ({ version }) => heard.push(version))
      const at = (version: number) => ({ ...orderNow(), version })
      yield* notify([at(3), at(2), at(3), at(4)])
      assert.deepStrictEqual(heard, [3, 4])
    }))
})
