import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { makeMailbox } from "../src/internal/mailbox.ts"
import { fromMessage } from "../src/testing/Submissions.ts"

const item = (command: string) => ({ submission: fromMessage(command), settle: () => {} })

const mailbox = makeMailbox<string, string, string>(8)

/** Whether somebody is known to ask, after whatever was to happen has happened. */
const isAsked = (asked: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const waiting = yield* Effect.fork(asked)
    yield* Effect.yieldNow({ priority: 1 })
    const told = yield* Fiber.poll(waiting)
    yield* Fiber.interrupt(waiting)
    return Option.isSome(told)
  })

describe("a mailbox", () => {
  it.scoped("tells of a request that waits, and not of messages", () =>
    Effect.gen(function*() {
      const { asked, offer, offerAll } = yield* mailbox
      yield* offerAll([item("one"), item("two")])
      assert.isFalse(yield* isAsked(asked))
      offer(item("three"))
      assert.isTrue(yield* isAsked(asked))
    }))

  it.scoped("wakes who waits for a request when it comes", () =>
    Effect.gen(function*() {
      const { asked, offer, offerAll } = yield* mailbox
      const waiting = yield* Effect.fork(asked)
      yield* offerAll([item("one")])
      yield* Effect.yieldNow({ priority: 1 })
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      offer(item("two"))
      yield* Fiber.join(waiting)
    }))

  it.scoped("gives out a request with the messages that wait, and has none to tell of afterwards", () =>
    Effect.gen(function*() {
      const { asked, offer, offerAll, take } = yield* mailbox
      yield* offerAll([item("one")])
      offer(item("two"))
      assert.deepStrictEqual((yield* take(8)).map(({ submission }) => submission.command), ["one", "two"])
      assert.isFalse(yield* isAsked(asked))
    }))
})
