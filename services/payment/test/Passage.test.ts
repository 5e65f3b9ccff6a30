import { assert, describe, it } from "@effect/vitest"
import * as Health from "@quartet/hosting/Health"
import { ConfigProvider, Deferred, Duration, Effect, Either, Fiber, Layer, Logger, Metric, TestClock } from "effect"
import * as Breaker from "../src/Breaker.ts"
import * as Passage from "../src/Passage.ts"
import * as Throttle from "../src/Throttle.ts"

const lines: Array<string> = []
const listening = Logger.replace(
  Logger.defaultLogger,
  Logger.make(({ message }) => void lines.push(String(message)))
)

const withSettings = (settings: Readonly<Record<string, string>>) =>
  Passage.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Breaker.layer, Throttle.layer)),
    Layer.provideMerge(Health.layer),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(settings))))),
    Layer.provideMerge(listening)
  )

const small = withSettings({
  PAYMENT_BREAKER_AFTER: "2",
  PAYMENT_BREAKER_PAUSE: "5 seconds",
  PAYMENT_CALLS_IN_FLIGHT: "4",
  PAYMENT_CALLS_PER_SECOND: "10"
})

const away = Effect.flatMap(Breaker.Breaker, ({ note }) => note("outage"))
const back = Effect.flatMap(Breaker.Breaker, ({ note }) => note("answered"))
const asking = <A>(question: Effect.Effect<A>, lane: Throttle.Lane = "fresh") =>
  Effect.flatMap(Passage.Passage, ({ through }) => through(lane, question))

const stateNow = Effect.map(Metric.snapshot, (pairs) => {
  const found = pairs.find(({ metricKey }) => metricKey.name === "payment_breaker_state")
  return found !== undefined && "value" in found.metricState ? found.metricState.value : undefined
})

describe("the way to the provider", () => {
  it.scoped("is shut while the provider is away, and one question of many finds out that it is back (H69)", () =>
    Effect.gen(function*() {
      let asked = 0
      const question = Effect.sync(() => asked += 1)
      yield* Effect.zipRight(away, away)
      assert.isTrue(Either.isLeft(yield* asking(question)))
      yield* TestClock.adjust("5 seconds")
      const hold = yield* Deferred.make<void>()
      const probing = Effect.zipRight(question, Deferred.await(hold))
      const many = yield* Effect.fork(Effect.all(Array.from({ length: 4 }, () => asking(probing)), { concurrency: 4 }))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(asked, 1)
      yield* back
      yield* Deferred.succeed(hold, undefined)
      assert.strictEqual((yield* Fiber.join(many)).filter(Either.isRight).length, 1)
      assert.isTrue(Either.isRight(yield* asking(question)))
    }).pipe(Effect.provide(small)))

  it.scoped("keeps nobody waiting for a turn while it is shut, and gives none away (H69)", () =>
    Effect.gen(function*() {
      yield* Effect.zipRight(away, away)
      const [took, answers] = yield* Effect.timed(Effect.replicateEffect(asking(Effect.void), 30))
      assert.isTrue(answers.every(Either.isLeft))
      assert.strictEqual(Duration.toMillis(took), 0)
    }).pipe(Effect.provide(small)))

  it.scoped("has another probe follow one that ended without any call", () =>
    Effect.gen(function*() {
      yield* Effect.zipRight(away, away)
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Either.isRight(yield* asking(Effect.void)))
      assert.isTrue(Either.isRight(yield* asking(Effect.void)))
    }).pipe(Effect.provide(small)))

  it.scoped("is still probed by one alone when a question ends that began before the outage (H69)", () =>
    Effect.gen(function*() {
      const old = yield* Deferred.make<void>()
      const asked = yield* Effect.fork(asking(Deferred.await(old)))
      yield* TestClock.adjust("1 second")
      yield* Effect.zipRight(away, away)
      yield* TestClock.adjust("5 seconds")
      const probe = yield* Effect.fork(asking(Effect.never))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* stateNow, 1)
      yield* Deferred.succeed(old, undefined)
      assert.isTrue(Either.isRight(yield* Fiber.join(asked)))
      assert.isTrue(Either.isLeft(yield* asking(Effect.void)))
      yield* Fiber.interrupt(probe)
    }).pipe(Effect.provide(small)))

  it.scoped("shows the breaker's state, and tells each change once", () =>
    Effect.gen(function*() {
      lines.splice(0)
      assert.strictEqual(yield* stateNow, 0)
      yield* Effect.all([away, away, away, away])
      assert.strictEqual(yield* stateNow, 2)
      yield* TestClock.adjust("5 seconds")
      yield* asking(Effect.void)
      assert.strictEqual(yield* stateNow, 1)
      yield* Effect.all([back, back])
      assert.strictEqual(yield* stateNow, 0)
      assert.strictEqual(lines.length, 3)
    }).pipe(Effect.provide(small)))

  it.scoped("turns readiness red by our own fault, in a word, until a call succeeds (H53, H55)", () =>
    Effect.gen(function*() {
      const { readiness } = yield* Health.Health
      const { note } = yield* Breaker.Breaker
      for (const fault of ["refused", "faulted"] as const) {
        yield* note(fault)
        yield* note("outage")
        assert.deepStrictEqual(yield* readiness, { ready: false, checks: { [Breaker.check]: { ready: false } } })
        yield* note("answered")
        assert.isTrue((yield* readiness).ready)
      }
    }).pipe(Effect.provide(small)))

  it.scoped("stays ready while the provider is away: orders are taken and payments wait", () =>
    Effect.gen(function*() {
      const { readiness } = yield* Health.Health
      yield* Effect.zipRight(away, away)
      assert.isTrue((yield* readiness).ready)
    }).pipe(Effect.provide(small)))

  it.scoped("takes so many a second, however many wait (H52, H69)", () =>
    Effect.gen(function*() {
      let asked = 0
      const question = Effect.sync(() => asked += 1)
      // Whoever is put off comes again; what counts is what goes out.
      const eager = Effect.repeat(asking(question), { until: Either.isRight })
      yield* Effect.fork(Effect.all(Array.from({ length: 100 }, () => eager), { concurrency: "unbounded" }))
      yield* TestClock.adjust("4 seconds")
      assert.isAtMost(asked, 10 + 4 * 10)
      assert.isAtLeast(asked, 40)
    }).pipe(Effect.provide(small)))

  it.scoped("puts off within a second what is not its turn, and keeps a place for new payments (H69, H70)", () =>
    Effect.gen(function*() {
      const slow = Effect.sleep("30 seconds")
      const old = yield* Effect.fork(
        Effect.all(Array.from({ length: 8 }, () => asking(slow, "backlog")), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("2 seconds")
      const [took, answer] = yield* Effect.timed(asking(Effect.succeed("asked")))
      assert.deepStrictEqual(answer, Either.right("asked"))
      assert.strictEqual(Duration.toMillis(took), 0)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* Fiber.join(old)).filter(Either.isRight).length, 2)
    }).pipe(Effect.provide(small)))

  it.scoped("has no place less after questions were given up or put off", () =>
    Effect.gen(function*() {
      for (let round = 0; round < 3; round++) {
        const stuck = yield* Effect.fork(
          Effect.all(Array.from({ length: 12 }, () => asking(Effect.never)), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("3 seconds")
        yield* Fiber.interrupt(stuck)
      }
      const four = yield* Effect.fork(
        Effect.all(Array.from({ length: 4 }, () => asking(Effect.sleep("1 second"))), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(four)).filter(Either.isRight).length, 4)
    }).pipe(Effect.provide(small)))
})
