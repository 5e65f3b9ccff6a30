import { assert, it } from "@effect/vitest"
import { Duration, Effect, Either, Redacted } from "effect"
import { Socket } from "node:net"
import { afterEach, vi } from "vitest"
import { Broker } from "../src/Broker.ts"
import * as RabbitMq from "../src/RabbitMq.ts"
import { publication, subscriptions } from "./support/brokerContract.ts"
import { eventually } from "./support/Eventually.ts"
import { depth, describeRabbit, makeWorld, takeBehind } from "./support/Rabbit.ts"

const whenReady = Effect.flatMap(Broker, ({ ready }) => eventually(ready, (is) => is))
/** Publishes again until it succeeds, as the relay would. */
const atLast = (body: string) =>
  Effect.flatMap(
    Broker,
    ({ publish }) => eventually(Effect.either(publish(publication("a.v1", body))), Either.isRight)
  )

describeRabbit("publishing to RabbitMQ", () => {
  afterEach(() => void vi.restoreAllMocks())

  it.scopedLive("writes what others need to know beside the body, and is kept on disk", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const sent = publication("a.v1", "body")
      yield* Effect.flatMap(Broker, ({ publish }) => publish(sent)).pipe(Effect.provide(world.layer))
      const found = yield* takeBehind(world, `${world.namespace}.one`)
      assert.isOk(found)
      const { contentType, deliveryMode, messageId, type, userId } = found.properties
      assert.deepStrictEqual(
        { contentType, deliveryMode, messageId, type, userId },
        {
          contentType: "application/cloudevents+json",
          deliveryMode: 2,
          messageId: sent.id,
          type: "a.v1",
          userId: decodeURIComponent(new URL(Redacted.value(world.url)).username)
        }
      )
    }))

  it.scopedLive("fails exactly those of many in flight that come back, although they are confirmed (H112)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const twice = { ...publication("nobody.v1", "same id twice") }
      const all = [
        ...Array.from({ length: 600 }, (_, n) => publication(n % 100 === 0 ? "nobody.v1" : "a.v1", `${n}`)),
        twice,
        twice
      ]
      const outcomes = yield* Effect.flatMap(
        Broker,
        ({ publish }) => Effect.forEach(all, (one) => Effect.either(publish(one)), { concurrency: "unbounded" })
      ).pipe(
        Effect.provide(world.layer)
      )
      const failed = all.filter((_, index) => outcomes[index]?._tag === "Left")
      assert.deepStrictEqual(failed, all.filter(({ type }) => type === "nobody.v1"))
      assert.strictEqual(yield* depth(world, `${world.namespace}.one`), 594)
    }))

  it.scopedLive("tells of every message in flight when the connection is cut, and has kept all it confirmed (H105, H111)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { publish } = yield* Broker
        yield* whenReady
        let confirmed = 0
        const publishing = yield* Effect.fork(
          Effect.forEach(
            Array.from({ length: 5000 }, (_, n) => publication("a.v1", `${n}`)),
            (one) =>
              Effect.tap(Effect.either(publish(one)), (told) => void (confirmed += Either.isRight(told) ? 1 : 0)),
            { concurrency: 500 }
          )
        )
        yield* eventually(Effect.sync(() => confirmed), (n) => n > 200)
        yield* world.wire.away(true)
        yield* world.wire.away(false)
        const outcomes = yield* publishing
        assert.strictEqual(outcomes.length, 5000)
        assert.isAbove(outcomes.filter(Either.isLeft).length, 0)
        yield* atLast("the end")
        assert.isAtLeast(yield* depth(world, `${world.namespace}.one`), confirmed + 1)
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("fails soon while the broker is away, and says nothing of it later (H109, H166)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* world.wire.away(true)
      yield* Effect.gen(function*() {
        const { publish, ready } = yield* Broker
        const [taken, outcomes] = yield* Effect.timed(
          Effect.forEach(
            Array.from({ length: 8300 }, () => publication("a.v1", "too early")),
            (one) => Effect.either(publish(one)),
            { concurrency: "unbounded" }
          )
        )
        assert.isTrue(outcomes.every(Either.isLeft))
        // Of so many, not all were let wait.
        const reasons = outcomes.flatMap((told) => Either.isLeft(told) ? [told.left.reason] : [])
        assert.strictEqual(reasons.filter((reason) => reason.includes("too many")).length, 8300 - 8192)
        assert.isBelow(Duration.toSeconds(taken), 20)
        assert.isFalse(yield* ready)
        yield* world.wire.away(false)
        yield* whenReady
        yield* atLast("in time")
        assert.strictEqual(yield* depth(world, `${world.namespace}.one`), 1)
        const found = yield* takeBehind(world, `${world.namespace}.one`)
        assert.strictEqual(found !== false && found.content.toString(), "in time")
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("fails what the broker refuses to take (H115)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        yield* whenReady
        const full = yield* Effect.promise(() =>
          world.behind.assertQueue("", { exclusive: true, maxLength: 1, overflow: "reject-publish" })
        )
        yield* Effect.promise(() => world.behind.bindQueue(full.queue, world.namespace, "a.v1"))
        const { publish } = yield* Broker
        yield* publish(publication("a.v1"))
        const refused = yield* Effect.flip(publish(publication("a.v1")))
        assert.include(refused.reason, "nacked")
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("makes the exchange again that it finds missing, and goes on (H114)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { publish } = yield* Broker
        yield* whenReady
        yield* Effect.promise(() => world.behind.deleteExchange(world.namespace))
        const [taken, lost] = yield* Effect.timed(Effect.either(publish(publication("a.v1"))))
        assert.isTrue(Either.isLeft(lost))
        assert.isBelow(Duration.toSeconds(taken), 20)
        yield* atLast("again")
        assert.strictEqual(yield* depth(world, `${world.namespace}.one`), 1)
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("makes the queue again of somebody who is not there to do it (H113, H210)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { publish } = yield* Broker
        yield* whenReady
        yield* Effect.promise(() => world.behind.deleteQueue(`${world.namespace}.one`))
        assert.isTrue(Either.isLeft(yield* Effect.either(publish(publication("a.v1")))))
        yield* atLast("again")
        assert.strictEqual(yield* depth(world, `${world.namespace}.one`), 1)
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("puts a binding back that somebody removed, also where another queue takes the messages (H113)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const { behind, namespace, url } = world
      const assertEvery = Duration.millis(300)
      yield* Effect.gen(function*() {
        const { publish } = yield* Broker
        yield* whenReady
        yield* Effect.promise(() => behind.unbindQueue(`${namespace}.two`, namespace, "b.v1"))
        const takenByTwo = Effect.zipRight(publish(publication("b.v1")), depth(world, `${namespace}.two`))
        yield* eventually(takenByTwo, (messages) => messages > 0)
      }).pipe(Effect.provide(RabbitMq.layer({ url, subscriptions, service: "test", namespace, assertEvery })))
    }))

  it.scopedLive("lets no small packet wait for another", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const asked = vi.spyOn(Socket.prototype, "setNoDelay")
      yield* Effect.provide(whenReady, world.layer)
      assert.deepStrictEqual(asked.mock.calls, [[true], [true]])
    }))
})
