import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either, Exit, Layer, Logger, Redacted, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import { Broker } from "../src/Broker.ts"
import * as RabbitMq from "../src/RabbitMq.ts"
import type { RabbitMqServer } from "../src/testing/RabbitMqServer.ts"
import { startPrivate } from "../src/testing/RabbitMqServer.ts"
import * as RabbitMqTest from "../src/testing/RabbitMqTest.ts"
import { acknowledge, drain, next, publication, retry, subscriptions } from "./support/brokerContract.ts"
import { eventually } from "./support/Eventually.ts"
import { makeWorldAt } from "./support/Rabbit.ts"

const ready = Effect.flatMap(Broker, ({ ready }) => ready)
const within = "30 seconds"

describe.skipIf(!RabbitMqTest.canStartPrivate)("a RabbitMQ that fails", () => {
  const scope = Effect.runSync(Scope.make())
  const server: { current?: RabbitMqServer } = {}
  const running = Effect.suspend(() => Effect.orDieWith(Effect.fromNullable(server.current), () => "not started"))
  // How long deliveries were held is looked at every second.
  beforeAll(() =>
    Effect.runPromise(
      startPrivate(["{channel_tick_interval, 1000}"]).pipe(
        Scope.extend(scope),
        Effect.map((started) => void (server.current = started))
      )
    )
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  const world = (namespace: string) =>
    Effect.flatMap(running, ({ url }) => makeWorldAt(Redacted.make(url), subscriptions, namespace))

  it.scopedLive("takes back what is held longer than it allows, and gives it to the channel that is opened next (H128, H142)", () =>
    Effect.gen(function*() {
      const { control } = yield* running
      const { layer } = yield* world("held")
      // Milliseconds, for every channel that is opened from now on.
      const allow = (limit: number) => control("eval", `application:set_env(rabbit, consumer_timeout, ${limit}).`)
      yield* Effect.acquireRelease(allow(3000), () => Effect.orDie(allow(1_800_000)))
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        yield* eventually(ready, (is) => is)
        yield* publish(publication("a.v1", "held"))
        const held = yield* next(one)
        yield* eventually(ready, (is) => !is, within)
        yield* eventually(ready, (is) => is, "10 seconds")
        const again = yield* next(one)
        assert.deepStrictEqual([again.body, again.attempt], ["held", 1])
        yield* held.settle(acknowledge)
        yield* again.settle(acknowledge)
        yield* publish(publication("a.v1", "next"))
        assert.deepStrictEqual(yield* drain(one, 1), ["next"])
      }).pipe(Effect.provide(layer))
    }))

  it.scopedLive("takes nothing while its memory is short, and goes on delivering (H110, H139)", () =>
    Effect.gen(function*() {
      const { control } = yield* running
      const { layer } = yield* world("alarm")
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        yield* Effect.forEach(["a", "b", "c"], (body) => publish(publication("a.v1", body)))
        yield* control("set_vm_memory_high_watermark", "0.0000001")
        // A connection is told of the alarm when it publishes.
        yield* eventually(Effect.either(publish(publication("b.v1", "refused"))), Either.isLeft, within)
        yield* eventually(ready, (is) => !is, within)
        const [taken, refused] = yield* Effect.timed(Effect.flip(publish(publication("b.v1"))))
        assert.include(refused.reason, "low on memory")
        assert.isBelow(Duration.toSeconds(taken), 5)
        const one = yield* deliveries("one")
        const first = yield* next(one)
        yield* first.settle(retry(Duration.millis(50)))
        assert.deepStrictEqual(yield* drain(one, 2), ["b", "c"])
        yield* control("set_vm_memory_high_watermark", "0.4")
        yield* eventually(ready, (is) => is, within)
        const bodies = new Map<string, number>()
        while (!bodies.has("a")) {
          const delivery = yield* next(one)
          bodies.set(delivery.body, delivery.attempt)
          yield* delivery.settle(acknowledge)
        }
        assert.strictEqual(bodies.get("a"), 2)
      }).pipe(Effect.provide(layer))
    }))

  it.scopedLive("is killed and started again: what it confirmed is there, and nobody else is started again (H140)", () =>
    Effect.gen(function*() {
      const { flush, kill, start } = yield* running
      const { layer } = yield* world("killed")
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const two = yield* deliveries("two")
        yield* eventually(ready, (is) => is)
        const bodies = Array.from({ length: 50 }, (_, n) => `${n}`)
        yield* Effect.forEach(bodies, (body) => publish(publication("a.v1", body)), { concurrency: 50 })
        yield* flush
        yield* kill
        const publishing = yield* Effect.fork(eventually(
          Effect.either(publish(publication("b.v1", "said meanwhile"))),
          Either.isRight,
          "60 seconds"
        ))
        yield* eventually(ready, (is) => !is, within)
        yield* start
        yield* eventually(ready, (is) => is, within)
        yield* publishing
        assert.include(yield* drain(two, 1), "said meanwhile")
        const one = yield* deliveries("one")
        const all = new Set<string>()
        while (all.size < 51) for (const body of yield* drain(one, 1)) all.add(body)
        assert.sameMembers([...all], [...bodies, "said meanwhile"])
      }).pipe(Effect.provide(layer))
    }))

  it.scopedLive("refuses a password until it is right again, of which the log says nothing (H147)", () =>
    Effect.gen(function*() {
      const { control, url } = yield* running
      yield* control("add_user", "ann", "old-secret")
      yield* control("set_permissions", "ann", ".*", ".*", ".*")
      const ann = Object.assign(new URL(url), { username: "ann", password: "new-secret" })
      const layer = RabbitMq.layer({
        url: Redacted.make(ann.toString()),
        subscriptions,
        service: "test",
        namespace: "password"
      })
      const said: Array<string> = []
      const log = Logger.replace(Logger.defaultLogger, Logger.make(({ message }) => void said.push(String(message))))
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        yield* eventually(Effect.sync(() => said), (lines) => lines.some((line) => line.includes("ACCESS-REFUSED")))
        assert.isFalse(yield* ready)
        yield* control("change_password", "ann", "new-secret")
        yield* eventually(ready, (is) => is, "20 seconds")
        yield* publish(publication("a.v1", "let in"))
        assert.deepStrictEqual(yield* drain(one, 1), ["let in"])
        assert.notInclude(said.join(" "), "secret")
      }).pipe(Effect.provide(Layer.provideMerge(layer, log)))
    }))
})
