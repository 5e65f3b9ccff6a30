import { assert, describe, it } from "@effect/vitest"
import { Socket } from "node:net"
import * as BodyBudget from "../src/BodyBudget.ts"
import * as Connections from "../src/Connections.ts"
import * as Slots from "../src/Slots.ts"

describe("slots", () => {
  it("leave one owner half, whoever they are, and all of them together the total", () => {
    const slots = Slots.halves(4)
    assert.deepStrictEqual(["a", "a", "a", "b", undefined, "c"].map(slots.take), [true, true, false, true, true, false])
    slots.release("a")
    assert.deepStrictEqual(["a", "a"].map(slots.take), [true, false])
    slots.force("d")
    assert.strictEqual(slots.taken(), 5)
  })
})

describe("bodies that are being read", () => {
  it("give up the oldest beyond the limit, those of strangers before those of customers, and none that is empty", () => {
    const given: Array<string> = []
    const budget = BodyBudget.make(100)
    const begin = (name: string, isKnown: boolean) => budget.begin(isKnown, () => given.push(name))
    begin("empty", false)
    const customer = begin("customer", true)
    const [first, second] = [begin("first", false), begin("second", false)]
    customer.add(40)
    first.add(30)
    second.add(30)
    assert.deepStrictEqual([given, budget.size()], [[], 100])
    customer.add(1)
    assert.deepStrictEqual([given, budget.size()], [["first"], 71])
    second.end()
    customer.add(59)
    assert.deepStrictEqual([given, budget.size()], [["first"], 100])
    customer.add(1)
    assert.deepStrictEqual([given, budget.size()], [["first", "customer"], 0])
  })
})

/** A connection that comes from this address. */
const from = (address: string) => {
  const socket = new Socket()
  Object.defineProperty(socket, "remoteAddress", { value: address })
  return socket
}

const gone = (sockets: ReadonlyArray<Socket>) => sockets.map(({ destroyed }) => destroyed)

describe("connections", () => {
  it("close the one unused for longest when there are too many, and the new one when all are in use", () => {
    const connections = Connections.make({ total: 2, address: 0 })
    const [first, second, third, fourth] = [from("1.1.1.1"), from("1.1.1.1"), from("1.1.1.1"), from("1.1.1.1")]
    connections.enter(first)
    connections.enter(second)
    connections.use(first)
    connections.enter(third)
    assert.deepStrictEqual(gone([first, second, third]), [false, true, false])
    connections.use(third)
    connections.enter(fourth)
    assert.deepStrictEqual(gone([first, third, fourth]), [false, false, true])
    connections.free(first)
    connections.enter(from("1.1.1.1"))
    assert.deepStrictEqual([gone([first, third]), connections.size()], [[true, false], 2])
  })

  it("are in use until the last request of a pipeline was answered", () => {
    const connections = Connections.make({ total: 1, address: 0 })
    const [busy, other] = [from("1.1.1.1"), from("1.1.1.1")]
    connections.enter(busy)
    connections.use(busy)
    connections.use(busy)
    connections.free(busy)
    connections.enter(other)
    assert.deepStrictEqual(gone([busy, other]), [false, true])
  })

  it("are so many from one address or network, but any number from this machine", () => {
    const connections = Connections.make({ total: 100, address: 1 })
    const rows: ReadonlyArray<readonly [string, string, boolean]> = [
      ["1.2.3.4", "1.2.3.4", true],
      ["1.2.3.5", "1.2.3.6", false],
      ["2001:db8::1", "2001:db8::2", true],
      ["2001:db8:0:1::1", "2001:db8:0:2::1", false],
      ["127.0.0.1", "127.0.0.1", false],
      ["::1", "::1", false],
      ["::ffff:127.0.0.1", "::ffff:127.0.0.1", false]
    ]
    for (const [one, next, isClosed] of rows) {
      const first = from(one)
      connections.enter(first)
      connections.enter(from(next))
      assert.strictEqual(first.destroyed, isClosed, `${one} and ${next}`)
    }
  })
})
