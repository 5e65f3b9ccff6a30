import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import type { Item } from "../src/internal/mailbox.ts"
import { makeMailbox } from "../src/internal/mailbox.ts"
import type { Outcome } from "../src/Submission.ts"

/** An item, and what it was settled with. */
const item = (command: string) => {
  const outcomes: Array<Outcome<string, string>["_tag"]> = []
  const made: Item<string, string, string> = {
    submission: { command, by: "test", origin: { _tag: "Request" }, lineage: { causationId: "c", correlationId: "c" } },
    settle: ({ _tag }) => outcomes.push(_tag)
  }
  return { made, outcomes }
}

const mailbox = makeMailbox<string, string, string>(2)
const commandsOf = (items: ReadonlyArray<Item<string, string, string>>) =>
  items.map(({ submission }) => submission.command)

describe("a mailbox", () => {
  it.scoped("gives what waits, in its order, up to the limit", () =>
    Effect.gen(function*() {
      const { offer, post, take } = yield* mailbox
      post(item("one").made)
      offer(item("two").made)
      post(item("three").made)
      assert.deepStrictEqual(commandsOf(yield* take(2)), ["one", "two"])
      assert.deepStrictEqual(commandsOf(yield* take(2)), ["three"])
    }))

  it.scoped("wakes the loop that waits as soon as one item comes, and takes along what comes in the same turn", () =>
    Effect.gen(function*() {
      const { post, take } = yield* mailbox
      const waiting = yield* Effect.fork(take(8))
      yield* Effect.yieldNow()
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      post(item("one").made)
      post(item("two").made)
      assert.deepStrictEqual(commandsOf(yield* Fiber.join(waiting)), ["one", "two"])
    }))

  it.scoped("refuses a request beyond its capacity at once, and no message", () =>
    Effect.gen(function*() {
      const { offer, post, take } = yield* mailbox
      const [late, message] = [item("late"), item("message")]
      offer(item("one").made)
      offer(item("two").made)
      offer(late.made)
      post(message.made)
      assert.deepStrictEqual(late.outcomes, ["Unavailable"])
      assert.deepStrictEqual(commandsOf(yield* take(8)), ["one", "two", "message"])
    }))

  it.effect("settles each item once, also those that wait or come when it has closed", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { post, settle, take } = yield* Scope.extend(mailbox, scope)
      const [done, waiting, late] = [item("done"), item("waiting"), item("late")]
      post(done.made)
      yield* take(1)
      settle(done.made, { _tag: "Duplicate" })
      post(waiting.made)
      yield* Scope.close(scope, Exit.void)
      post(late.made)
      settle(done.made, { _tag: "Duplicate" })
      assert.deepStrictEqual([done.outcomes, waiting.outcomes, late.outcomes], [
        ["Duplicate"],
        ["Unavailable"],
        ["Unavailable"]
      ])
    }))
})
