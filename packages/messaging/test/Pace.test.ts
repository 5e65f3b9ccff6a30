import { assert, describe, it } from "@effect/vitest"
import { makePace, makeShortage, restAfter } from "../src/internal/pace.ts"

/** Longer than the time over which it is found out how busy the event loop is. */
const neverIdle = () => {
  const until = performance.now() + 300
  while (performance.now() < until);
}

describe("a loop's rest after a small batch", () => {
  it("is the least there is while the process has time, whatever a batch takes", () => {
    assert.deepStrictEqual([1, 10, 1000].map((took) => restAfter(took, 0.2)), [3, 3, 3])
  })

  it("is as much longer as a batch takes where the process has no time left, within its bound", () => {
    assert.deepStrictEqual([1, 10, 1000].map((took) => restAfter(took, 0.7)), [4, 13, 25])
    assert.deepStrictEqual(restAfter(10, 1), restAfter(10, 0.7))
  })

  it("grows with what is at work", () => {
    const rests = [0.3, 0.4, 0.5, 0.6, 0.7].map((share) => restAfter(20, share))
    assert.deepStrictEqual(rests, rests.toSorted((a, b) => a - b))
    assert.strictEqual(new Set(rests).size, rests.length)
  })

  it("follows the event loop: one that was never idle makes it longer", () => {
    const pace = makePace()
    neverIdle()
    assert.isAbove(Math.max(...Array.from({ length: 20 }, () => pace(20))), 10)
  })

  it("tells of no shortage before anything is known, and of the greatest where it was never idle", () => {
    const shortage = makeShortage({ from: 0.45, to: 0.75 })
    assert.strictEqual(shortage(), 0)
    neverIdle()
    assert.strictEqual(shortage(), 1)
  })
})
