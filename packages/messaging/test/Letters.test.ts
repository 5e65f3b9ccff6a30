import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Either, Exit, Fiber, TestClock } from "effect"
import { perform } from "../src/Handler.ts"
import { openLetter, understand } from "../src/internal/letters.ts"
import * as Counter from "./support/Counter.ts"
import { letter } from "./support/Letters.ts"

const delivered = (body: string) => ({ body, attempt: 1, settle: () => Effect.void })
const message = Counter.Count.say({ key: "a", amount: 1 })
const handlers = new Map(Counter.handlers.map((handler) => [handler.type, handler]))

describe("a letter", () => {
  it("is opened when its type's own speaker said it, and refused when somebody else did (H150)", () => {
    const { body } = letter(message)
    assert.isTrue(Either.isRight(openLetter(handlers, delivered(body))))
    const forged = body.replace(`/quartet/${message.speaker}`, "/quartet/somebody")
    assert.notStrictEqual(forged, body)
    const refused = Either.flip(openLetter(handlers, delivered(forged)))
    assert.isTrue(Either.isRight(refused))
    assert.match(Either.getOrThrow(refused).reason ?? "", /not for \/quartet\/somebody to say/)
  })

  it.effect("keeps somebody outside busy for a minute at most, and is then tried again (H142)", () =>
    Effect.gen(function*() {
      const asking = perform(Counter.Count, () => Effect.never)
      const opened = Either.getOrThrow(openLetter(new Map([[asking.type, asking]]), delivered(letter(message).body)))
      const waiting = yield* Effect.fork(understand(opened))
      yield* TestClock.adjust("61 seconds")
      const exit = yield* Fiber.await(waiting)
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", /nobody outside answered within 1m/)
    }))
})
