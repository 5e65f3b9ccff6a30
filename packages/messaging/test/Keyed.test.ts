import { assert, describe, it } from "@effect/vitest"
import { DateTime, HashMap } from "effect"
import { accept, ignore } from "../src/Decision.ts"
import { keyed } from "../src/Keyed.ts"

interface Add {
  readonly key: string
  readonly amount: number
}

const now = DateTime.unsafeMake(1000)
const seen: Array<{ readonly state: number; readonly now: DateTime.Utc }> = []
const counters = keyed({
  keyOf: ({ key }: Add) => key,
  absent: 0,
  decider: {
    decide: (state: number, add: Add, now: DateTime.Utc) => {
      seen.push({ state, now })
      return add.amount === 0 ? ignore("nothing") : accept(add)
    },
    evolve: (state: number, { amount }: Add) => state + amount
  }
})

describe("a decider of one thing, lifted to many", () => {
  it("meets the state of its own key, and the absent state for a key that is not there", () => {
    seen.length = 0
    const slice = HashMap.make(["a", 5], ["b", 7])
    assert.deepStrictEqual(counters.decide(slice, { key: "b", amount: 1 }, now), accept({ key: "b", amount: 1 }))
    assert.deepStrictEqual(counters.decide(slice, { key: "c", amount: 0 }, now), ignore("nothing"))
    assert.deepStrictEqual(seen, [{ state: 7, now }, { state: 0, now }])
  })

  it("changes its own key alone and leaves the slice it was given as it was", () => {
    const slice = HashMap.make(["a", 5])
    const after = counters.evolve(counters.evolve(slice, { key: "a", amount: 1 }), { key: "c", amount: 2 })
    assert.deepStrictEqual([counters.get(after, "a"), counters.get(after, "c"), HashMap.size(after)], [6, 2, 2])
    assert.deepStrictEqual([counters.get(slice, "a"), HashMap.size(slice)], [5, 1])
  })

  it("replies with the state of the command's key", () => {
    assert.strictEqual(counters.reply(HashMap.make(["a", 5]), { key: "a", amount: 1 }), 5)
    assert.strictEqual(counters.reply(HashMap.make(["a", 5]), { key: "z", amount: 1 }), 0)
  })
})
