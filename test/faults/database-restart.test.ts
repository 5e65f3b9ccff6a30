import { assert, layer } from "@effect/vitest"
import { signal } from "@quartet/hosting/ProcessTable"
import { Effect, Fiber, Ref } from "effect"
import { rename } from "node:fs/promises"
import { join } from "node:path"
import { ask } from "quartet/Shop"
import { seeded, someMoment } from "../support/Chance.ts"
import { changedAnswers, crowd, newDiary } from "../support/Crowd.ts"
import * as Quartet from "../support/Quartet.ts"
import { brokenAtRest, newProduct, until } from "../support/Shop.ts"

const readiness = Effect.flatMap(
  Quartet.Quartet,
  ({ home }) =>
    Effect.map(
      ask({ method: "GET", url: `http://127.0.0.1:${home.ports.ops}/health/ready` }),
      ({ status }) => status
    )
)

/** Ends the server and waits for the one that is started in its place. */
const restarted = Effect.fn("restarted")(function*<E, R>(name: NodeJS.Signals, meanwhile: Effect.Effect<void, E, R>) {
  const { postmaster } = yield* Quartet.Quartet
  const before = yield* postmaster
  yield* signal(before, name)
  yield* meanwhile
  yield* until(postmaster, (now) => now !== 0 && now !== before)
  // All of it works again within ten seconds (H157).
  yield* until(readiness, (status) => status === 200, "10 seconds")
})

layer(Quartet.layer(), { excludeTestServices: true, timeout: 120_000 })(
  "while orders run, PostgreSQL goes away",
  (it) => {
    it.effect(
      "and comes back; customers are told to come again, and nothing is lost or restarted (H17, H132, H151, H156, H157)",
      () =>
        seeded(Effect.gen(function*() {
          const { home, running } = yield* Quartet.Quartet
          const { pid } = yield* running
          const diary = newDiary()
          const goesOn = yield* Ref.make(true)
          const orders = yield* Effect.fork(crowd(diary, yield* newProduct(1000), 6, Ref.get(goesOn)))
          const underLoad = Effect.gen(function*() {
            const enough = diary.deeds.length + 6
            yield* until(Effect.sync(() => diary.deeds.length), (deeds) => deeds >= enough, "30 seconds")
            yield* someMoment(60)
          })
          // Without its settings it cannot be started: the outage lasts until both were seen.
          const configuration = join(home.folder, "postgres", "data", "postgresql.conf")
          const noticed = Effect.gen(function*() {
            yield* until(readiness, (status) => status === 503)
            yield* until(Effect.sync(() => diary.later.length), (length) => length > 0)
            yield* Effect.promise(() => rename(`${configuration}.away`, configuration))
          })
          const faults = Effect.gen(function*() {
            yield* underLoad
            yield* Effect.promise(() => rename(configuration, `${configuration}.away`))
            yield* restarted("SIGKILL", noticed)
            yield* underLoad
            yield* restarted("SIGINT", Effect.void)
            yield* underLoad
          })
          yield* Effect.raceFirst(faults, Effect.zipRight(Fiber.join(orders), Effect.never))
          yield* Ref.set(goesOn, false)
          yield* Fiber.join(orders)

          const told = diary.later.filter(({ status }) => status === 503)
          assert.isAbove(told.length, 0, "nobody was told to come again")
          for (const { body, type } of told) {
            assert.match(type, /^application\/problem\+json/)
            assert.match(body, /"type":"urn:quartet:problem:[a-z-]+"/)
            assert.notMatch(body, /postgres|ECONN|SQL/i)
          }
          assert.deepStrictEqual(diary.shocking, [])
          assert.deepStrictEqual(diary.broken, [])
          assert.deepStrictEqual(yield* changedAnswers(diary), [])
          assert.deepStrictEqual(yield* brokenAtRest(), [])
          assert.strictEqual((yield* running).pid, pid)
          assert.strictEqual(yield* readiness, 200)
        })),
      { timeout: 90_000 }
    )
  }
)
