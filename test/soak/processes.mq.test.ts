import { assert, describe, layer } from "@effect/vitest"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Effect, Random } from "effect"
import { seeded, shareOf, someMoment } from "../support/Chance.ts"
import * as Ground from "../support/Ground.ts"
import { kill } from "../support/Process.ts"
import * as Services from "../support/Services.ts"
import { until } from "../support/Shop.ts"
import { survives } from "../support/Survival.ts"
import type { Wire } from "../support/Wire.ts"

const minutes = (count: number) => ({ timeout: count * 60_000 })

const times = <A>(count: number, what: A): ReadonlyArray<A> => Array.from({ length: count }, () => what)

const shuffled = <A>(all: ReadonlyArray<A>) => Effect.map(Random.shuffle(all), (chunk) => [...chunk])

/** Lets a crowd place five hundred orders while the faults strike; then the broker must hold nothing either. */
const outlives = Effect.fn("outlives")(function*<E, R>(faults: ReadonlyArray<Effect.Effect<unknown, E, R>>) {
  const { restingAtBroker } = yield* Ground.Ground
  const { allReady } = yield* Services.Services
  yield* allReady
  const diary = yield* survives(500, faults)
  yield* allReady
  yield* until(restingAtBroker, (resting) => resting.length === 0, "60 seconds")
  return diary
})

const pids = Effect.flatMap(
  Services.Services,
  ({ members }) => Effect.forEach(members, ({ running }) => Effect.map(running, ({ pid }) => pid))
)

/** The same, and every process lives through it. */
const livesThrough = Effect.fn("livesThrough")(function*<E, R>(faults: ReadonlyArray<Effect.Effect<unknown, E, R>>) {
  const before = yield* pids
  yield* outlives(faults)
  assert.deepStrictEqual(yield* pids, before)
})

const again = ({ running, start }: Services.Member) =>
  Effect.flatMap(running, kill).pipe(Effect.zipRight(start), Effect.uninterruptible)

/** Takes its victim in the middle of work, not while it starts. */
const killOne = (member: Services.Member) =>
  Effect.zipRight(until(member.health, ({ status }) => status === 200, "60 seconds"), again(member))

const killAll = Effect.gen(function*() {
  const { allReady, members } = yield* Services.Services
  yield* Effect.forEach(members, ({ running }) => Effect.flatMap(running, kill), { concurrency: "unbounded" })
  yield* Effect.forEach(members, ({ start }) => start)
  yield* allReady
})

/** Away for a moment or for long enough that all notice. */
const cut = (wire: Wire) =>
  Effect.acquireUseRelease(wire.cut, () => someMoment(3000), () => wire.mend).pipe(
    Effect.zipRight(Effect.flatMap(Services.Services, ({ allReady }) => allReady))
  )

const campaigns = layer(Ground.layer, { excludeTestServices: true, timeout: 180_000 })

describe.skipIf(!RabbitMqTest.canStartPrivate)(
  "while five hundred orders run over processes and RabbitMQ",
  () =>
    campaigns((it) => {
      it.effect(
        "each service is killed twenty-five times, and nothing is lost, doubled or set aside (H104, H133)",
        () =>
          seeded(Effect.gen(function*() {
            const { members } = yield* Services.Services
            const services = members.filter(({ name }) => name !== "simulator")
            const { broken } = yield* outlives(
              (yield* shuffled(times(yield* shareOf(25), services).flat())).map(killOne)
            )
            assert.isAbove(broken.length, 0, "no request was ever cut off: the blows fell on nobody")
          })),
        minutes(20)
      )

      it.effect(
        "the broker is killed three times; all go on by themselves and nothing is lost (H140)",
        () =>
          seeded(Effect.gen(function*() {
            const { broker } = yield* Ground.Ground
            const { allReady, members } = yield* Services.Services
            yield* broker.flush
            const missed = Effect.forEach(members, ({ health }) => Effect.map(health, ({ missing }) => missing))
            const outage = Effect.gen(function*() {
              yield* broker.kill
              yield* until(missed, (each) => each.filter((missing) => missing.includes("broker")).length === 4)
              yield* broker.start
              yield* allReady
            })
            yield* livesThrough(times(yield* shareOf(3), outage))
          })),
        minutes(10)
      )

      it.effect(
        "PostgreSQL is killed three times; all work again within ten seconds and nothing is lost (H157)",
        () =>
          seeded(Effect.gen(function*() {
            const { killDatabase } = yield* Ground.Ground
            const { allReady } = yield* Services.Services
            const outage = Effect.zipRight(killDatabase, Effect.timeout(allReady, "10 seconds"))
            yield* livesThrough(times(yield* shareOf(3), outage))
          })),
        minutes(10)
      )

      it.effect(
        "the ways to broker and database are cut ten times each, and nothing is lost (H140, H157)",
        () =>
          seeded(Effect.gen(function*() {
            const { broker, database } = yield* Services.Services
            yield* livesThrough((yield* shuffled(times(yield* shareOf(10), [broker, database]).flat())).map(cut))
          })),
        minutes(10)
      )

      it.effect(
        "all processes are killed at once ten times, and nothing is lost, doubled or set aside (H104, H165)",
        () =>
          seeded(Effect.gen(function*() {
            const { broken } = yield* outlives(times(yield* shareOf(10), killAll))
            assert.isAbove(broken.length, 0, "no request was ever cut off: the blows fell on nobody")
          })),
        minutes(10)
      )
    })
)
