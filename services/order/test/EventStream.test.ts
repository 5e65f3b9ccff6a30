import { assert, describe, it } from "@effect/vitest"
import { finished } from "node:stream/promises"
import * as EventStream from "../src/EventStream.ts"
import * as O from "./support/Orders.ts"

const orderNow = () => {
  const { order } = O.given(O.histories.Reserved)
  return order._tag === "Absent" ? assert.fail("no order") : order
}

const entry = (version: number) => ({
  version,
  from: null,
  to: "Draft",
  event: "OrderPlaced",
  cause: "c".repeat(40_000),
  actor: "ada",
  at: O.at
} satisfies Parameters<typeof EventStream.tell>[2][number])

const textOf = (stream: EventStream.EventStream): string => String(stream.body.read() ?? "")

describe("one client's stream", () => {
  it("tells what is new, once, and nothing beyond the order as it was heard of", () => {
    const stream = EventStream.make(1)
    EventStream.tell(stream, orderNow(), [1, 2, 3].map(entry))
    EventStream.tell(stream, orderNow(), [1, 2, 3].map(entry))
    assert.deepStrictEqual(textOf(stream).match(/^(id|retry): .*$/gm), ["retry: 2000", "id: 2"])
  })

  it("is cut off when its client reads too slowly, instead of growing (H198)", () => {
    const stream = EventStream.make(0)
    EventStream.tell(stream, { ...orderNow(), version: 2 }, [1, 2].map(entry))
    assert.isFalse(stream.body.destroyed)
    EventStream.tell(stream, { ...orderNow(), version: 5 }, [3, 4, 5].map(entry))
    assert.isTrue(stream.body.destroyed)
    EventStream.beat(stream)
  })

  it("shows that it lives, and ends once", async () => {
    const stream = EventStream.make(2)
    EventStream.beat(stream)
    EventStream.end(stream)
    EventStream.end(stream)
    EventStream.beat(stream)
    assert.strictEqual(textOf(stream), "retry: 2000\n\n:\n\n")
    stream.body.resume()
    await finished(stream.body)
  })
})
