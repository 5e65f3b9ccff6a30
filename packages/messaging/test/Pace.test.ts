import { assert, describe, it } from "@effect/vitest"
import { makePace, restAfter } from "../src/internal/pace.ts"
import { neverIdle } from "./support/NeverIdle.ts"

const idle = { eventLoop: 0, machine: 0 }
const messages = (took: number, eventLoop: number) => restAfter(took, { ...idle, eventLoop }).message
const requests = (took: number, eventLoop: number) => restAfter(took, { ...idle, eventLoop }).request

describe("a loop's rest after a small batch", () => {
  it("is the least there is while process and machine have time, whatever a batch takes", () => {
    assert.deepStrictEqual([1, 10, 1000].map((took) => messages(took, 0.5)), [3, 3, 3])
    assert.deepStrictEqual([1, 10, 1000].map((took) => requests(took, 0.7)), [3, 3, 3])
    assert.deepStrictEqual(restAfter(1000, { ...idle, machine: 0.95 }), { message: 3, request: 3 })
  })

  it("is as much longer as a batch takes where the process has no time left, within its bound", () => {
    assert.deepStrictEqual([1, 10, 1000].map((took) => messages(took, 1)), [4, 13, 50])
    assert.deepStrictEqual([1, 10, 1000].map((took) => requests(took, 1)), [4, 13, 50])
  })

  it("is as much longer where the machine has none left, though the process has", () => {
    assert.deepStrictEqual(restAfter(10, { eventLoop: 0.2, machine: 1 }), { message: 13, request: 13 })
  })

  it("grows with what is at work", () => {
    for (const [kind, shares] of [[messages, [0.6, 0.7, 0.8, 0.9, 1]], [requests, [0.75, 0.85, 0.95, 1]]] as const) {
      const rests = shares.map((share) => kind(20, share))
      assert.deepStrictEqual(rests, rests.toSorted((a, b) => a - b))
      assert.strictEqual(new Set(rests).size, rests.length)
    }
  })

  it("is never longer for somebody who waits for an answer", () => {
    for (const share of [0, 0.2, 0.5, 0.7, 0.8, 1]) assert.isAtMost(requests(20, share), messages(20, share))
  })

  it("follows the event loop: one that was never idle makes it longer", () => {
    const pace = makePace()
    neverIdle()
    assert.isAbove(Math.max(...Array.from({ length: 20 }, () => pace(20).message)), 10)
  })
})
