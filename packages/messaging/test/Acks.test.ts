import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { makeAcks } from "../src/internal/rabbitAcks.ts"

const message = (deliveryTag: number) => ({ fields: { deliveryTag } })

/** A channel that notes what it is told, and of each delivery whether the broker would forget it. */
const noting = (deliveries: number) => {
  const messages = Array.from({ length: deliveries }, (_, index) => message(index + 1))
  const told: Array<{ readonly tag: number; readonly upTo: boolean }> = []
  const held = new Set(messages.map(({ fields }) => fields.deliveryTag))
  let close = () => {}
  const acks = makeAcks<ReturnType<typeof message>>({
    ack: ({ fields: { deliveryTag: tag } }, upTo) => {
      // As the broker does: a number that it does not know closes the channel.
      assert.isTrue(held.has(tag), `${tag} is not held`)
      told.push({ tag, upTo })
      for (const one of held) if (one === tag || (upTo && one < tag)) held.delete(one)
    },
    once: (_, heard) => {
      close = heard
    }
  })
  messages.forEach(acks.delivered)
  return { acks, messages, told, held, close: () => close() }
}

const nextTurn = () => new Promise<void>((resume) => setImmediate(resume))

describe("acknowledgements", () => {
  it("tells of a whole batch at once", async () => {
    const { acks, held, messages, told } = noting(100)
    messages.forEach(acks.settled)
    assert.deepStrictEqual(told, [])
    await nextTurn()
    assert.deepStrictEqual(told, [{ tag: 100, upTo: true }])
    assert.strictEqual(held.size, 0)
  })

  it("tells of those that were settled ahead of others one by one, and of nothing that was not settled", async () => {
    const { acks, messages, told } = noting(5)
    for (const index of [4, 0, 2]) messages.slice(index, index + 1).forEach(acks.settled)
    await nextTurn()
    assert.deepStrictEqual(told, [{ tag: 1, upTo: true }, { tag: 3, upTo: false }, { tag: 5, upTo: false }])
    messages.slice(1, 4).forEach(acks.settled)
    await nextTurn()
    assert.deepStrictEqual(told.slice(3), [{ tag: 4, upTo: true }])
  })

  it("is right about each delivery in whatever order and groups they are settled, and however often", () =>
    FastCheck.assert(
      FastCheck.asyncProperty(
        FastCheck.array(FastCheck.array(FastCheck.integer({ min: 1, max: 12 }), { maxLength: 6 }), { maxLength: 8 }),
        async (groups) => {
          const { acks, held, messages } = noting(12)
          const settled = new Set<number>()
          for (const group of groups) {
            for (const tag of group) {
              settled.add(tag)
              messages.slice(tag - 1, tag).forEach(acks.settled)
            }
            await nextTurn()
            const rest = messages.map(({ fields }) => fields.deliveryTag).filter((tag) => !settled.has(tag))
            assert.sameMembers([...held], rest)
          }
        }
      )
    ))

  it("tells what is still to be told before it is closed, and nothing later", async () => {
    const { acks, messages, told } = noting(3)
    messages.slice(0, 2).forEach(acks.settled)
    acks.close()
    messages.slice(2).forEach(acks.settled)
    await nextTurn()
    assert.deepStrictEqual(told, [{ tag: 2, upTo: true }])
  })

  it("leaves it at that when the connection is closing, which the channel does not say, and does not try again", async () => {
    let tries = 0
    const acks = makeAcks<ReturnType<typeof message>>({
      ack: () => {
        tries += 1
        throw new Error("Connection closing")
      },
      once: () => {}
    })
    const [first, second] = [message(1), message(2)]
    acks.delivered(first)
    acks.delivered(second)
    acks.settled(first)
    await nextTurn()
    acks.settled(second)
    await nextTurn()
    acks.close()
    assert.strictEqual(tries, 1)
  })

  it("tells nothing on a channel that is gone", async () => {
    const { acks, close, messages, told } = noting(3)
    messages.forEach(acks.settled)
    close()
    await nextTurn()
    acks.close()
    assert.deepStrictEqual(told, [])
  })
})
