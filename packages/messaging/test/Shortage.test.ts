import { assert, describe, it } from "@effect/vitest"
import { machineTime, makeShare, makeShortage, shortageAt, shortageOf } from "../src/internal/shortage.ts"
import { neverIdle } from "./support/NeverIdle.ts"

describe("the share of the time that something is at work", () => {
  it("is that of the time since the last look, and not of all time", () => {
    const passed = [{ all: 1000, idle: 1000 }, { all: 1100, idle: 1025 }, { all: 1200, idle: 1125 }]
    const share = makeShare(() => passed.shift() ?? { all: 0, idle: 0 }, 0)
    assert.deepStrictEqual([share(), share()], [0.75, 0])
  })

  it("stays as it was where no time has passed that is told of", () => {
    const share = makeShare(() => ({ all: 0, idle: 0 }), 0)
    assert.deepStrictEqual([share(), share()], [0, 0])
  })

  it("is looked at again only when the window is over", () => {
    let looks = 0
    const share = makeShare(() => ({ all: ++looks, idle: 0 }), 60_000)
    assert.deepStrictEqual([share(), share(), looks], [0, 0, 1])
  })

  it("is that of all processors where a machine's is asked for", () => {
    const before = machineTime()
    neverIdle()
    const after = machineTime()
    const [all, idle] = [after.all - before.all, after.idle - before.idle]
    assert.isAbove(all, idle)
    assert.isAtLeast(idle, 0)
  })
})

describe("a shortage of time", () => {
  it("begins where it is said to, and is never more than whole", () => {
    assert.deepStrictEqual([0, 0.5, 0.75, 1].map((share) => shortageAt(share, { from: 0.5, to: 1 })), [0, 0, 0.5, 1])
    assert.strictEqual(shortageAt(1, { from: 0.5, to: 0.9 }), 1)
  })

  it("is that of the machine where the event loop has time", () => {
    const shortages = [0.9, 0.95, 1].map((machine) => shortageOf({ eventLoop: 0, machine }, { from: 0.6, to: 0.9 }))
    assert.deepStrictEqual(shortages, [0, 0, 1])
    assert.strictEqual(shortageOf({ eventLoop: 1, machine: 0 }, { from: 0.6, to: 0.9 }), 1)
  })

  it("is not told of an event loop before anything is known, and is whole where it was never idle", () => {
    const shortage = makeShortage({ from: 0.6, to: 0.9 })
    assert.strictEqual(shortage(), 0)
    neverIdle()
    assert.strictEqual(shortage(), 1)
  })
})
