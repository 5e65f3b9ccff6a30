import { assert, describe, it } from "@effect/vitest"
import * as TokenBuckets from "../src/TokenBuckets.ts"

const rate = { perSecond: 2, burst: 4 }
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

describe("buckets of tokens", () => {
  it("let as many pass at once as the burst, and then as many as come in by the second", () => {
    const { take } = TokenBuckets.make(rate)
    assert.deepStrictEqual(numbers(5).map(() => take("ada", 0).granted), [true, true, true, true, false])
    assert.deepStrictEqual(take("ada", 499), { granted: false, limit: 4, remaining: 0, resetSeconds: 1 })
    assert.isTrue(take("ada", 500).granted)
    assert.isFalse(take("ada", 500).granted)
    assert.deepStrictEqual(take("ada", 10_000), { granted: true, limit: 4, remaining: 3, resetSeconds: 1 })
  })

  it("say how long it takes until all is there again, or one more may pass", () => {
    const { take } = TokenBuckets.make({ perSecond: 1, burst: 10 })
    assert.deepStrictEqual(numbers(10).map(() => take("ada", 0).resetSeconds), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert.deepStrictEqual(take("ada", 0), { granted: false, limit: 10, remaining: 0, resetSeconds: 1 })
  })

  it("are each their owner's alone (H199)", () => {
    const { take } = TokenBuckets.make(rate)
    for (const _ of numbers(9)) take("mallory", 0)
    assert.strictEqual(take("ada", 0).remaining, 3)
  })

  it("gain nothing by a clock that goes back", () => {
    const { take } = TokenBuckets.make(rate)
    for (const _ of numbers(4)) take("ada", 1000)
    assert.isFalse(take("ada", 0).granted)
    assert.isFalse(take("ada", 1000).granted)
  })

  it("are forgotten once they are full again, and kept until then (H199)", () => {
    const { size, take } = TokenBuckets.make(rate)
    for (const owner of numbers(1000)) take(`${owner}`, 0)
    assert.strictEqual(size(), 1000)
    for (const _ of numbers(500)) take("late", 1999)
    assert.strictEqual(size(), 1001)
    for (const _ of numbers(500)) take("late", 2000)
    assert.strictEqual(size(), 1)
  })

  it("are never more than so many: the one longest unused goes first (H199)", () => {
    const { size, take } = TokenBuckets.make(rate, 100)
    for (const _ of numbers(4)) take("mallory", 0)
    for (const owner of numbers(5000)) {
      take(`${owner}`, 0)
      assert.isFalse(take("mallory", 0).granted)
    }
    assert.strictEqual(size(), 100)
  })
})
