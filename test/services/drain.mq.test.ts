import { assert, describe, layer } from "@effect/vitest"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Effect, Fiber, Ref } from "effect"
import { seeded, someMoment } from "../support/Chance.ts"
import { changedAnswers, crowd, newDiary } from "../support/Crowd.ts"
import * as Process from "../support/Process.ts"
import * as Services from "../support/Services.ts"
import * as SharedGround from "../support/SharedGround.ts"
import { brokenAtRest, newProduct, until } from "../support/Shop.ts"

/** Tells one process to stop, and starts it again when it has. */
const stopAndStart = Effect.fn("stopAndStart")(function*({ health, running, start }: Services.Member) {
  const { ended, stderr, tell } = yield* running
  yield* tell("SIGTERM")
  const ending = yield* ended.pipe(Effect.timeoutFail({
    duration: "10 seconds",
    onTimeout: () => new Process.NotAsExpected({ what: "It did not stop.", stderr: stderr() })
  }))
  assert.deepStrictEqual(ending, { code: 0, signal: null }, stderr())
  yield* start
  yield* until(health, ({ status }) => status === 200, "30 seconds")
})

const alone = layer(SharedGround.layer(), { excludeTestServices: true, timeout: 150_000 })
const paired = layer(SharedGround.layer({ replicas: 2 }), { excludeTestServices: true, timeout: 150_000 })

/** A crowd orders while each of these is stopped and started, one after the other. */
const survives = (members: (services: Services.Services["Type"]) => ReadonlyArray<Services.Member>) =>
  seeded(Effect.gen(function*() {
    const services = yield* Services.Services
    const diary = newDiary()
    const goesOn = yield* Ref.make(true)
    const orders = yield* Effect.fork(crowd(diary, yield* newProduct(1000), 5, Ref.get(goesOn)))
    const underLoad = Effect.gen(function*() {
      const enough = diary.deeds.length + 4
      yield* until(Effect.sync(() => diary.deeds.length), (deeds) => deeds >= enough, "30 seconds")
      yield* someMoment(60)
    })
    const blows = Effect.forEach(members(services), (member) => Effect.zipRight(underLoad, stopAndStart(member)))
    yield* Effect.raceFirst(blows, Effect.zipRight(Fiber.join(orders), Effect.never))
    yield* Ref.set(goesOn, false)
    yield* Fiber.join(orders)
    assert.deepStrictEqual(diary.shocking, [])
    assert.deepStrictEqual(yield* changedAnswers(diary), [])
    assert.deepStrictEqual(yield* brokenAtRest(), [])
    assert.include([...diary.ended.values()], "Shipped")
    return diary
  }))

describe.skipIf(!RabbitMqTest.isAvailable)("a service that is told to stop while a crowd orders", () =>
  alone((it) => {
    it.effect(
      "ends within ten seconds and loses nothing, whichever of the four it is (H104, H125, H126, H164)",
      () => survives(({ members }) => members.filter(({ name }) => name !== "simulator")),
      { timeout: 150_000 }
    )
  }))

describe.skipIf(!RabbitMqTest.isAvailable)(
  "one of two replicas that is told to stop while a crowd orders",
  () =>
    paired((it) => {
      it.effect("is not missed: nobody is told to come again, and nothing is lost (H124, H138, H164)", () =>
        Effect.gen(function*() {
          const diary = yield* survives(({ of }) =>
            [...of("order"), ...of("payment"), ...of("inventory"), ...of("warehouse")].filter((_, index) =>
              index % 2 === 0
            )
          )
          assert.deepStrictEqual(diary.broken, [])
        }), { timeout: 150_000 })
    })
)
