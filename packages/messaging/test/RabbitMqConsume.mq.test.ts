import { assert, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Either, Exit, Layer, Logger, Queue, Scope } from "effect"
import { Broker } from "../src/Broker.ts"
import { acknowledge, drain, next, publication, retry, subscriptions } from "./support/brokerContract.ts"
import { eventually } from "./support/Eventually.ts"
import { consumersOf, depth, describeRabbit, makeWorld, putBehind, takeBehind } from "./support/Rabbit.ts"

/** Readiness must be red when something is broken, and green again soon. */
const ready = Effect.flatMap(Broker, ({ ready }) => ready)
const recovery = "10 seconds"

describeRabbit("consuming from RabbitMQ", () => {
  it.scopedLive("settles late what another channel delivered by settling nothing (H127, H169)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const queue = `${world.namespace}.one`
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const scope = yield* Scope.make()
        const one = yield* Scope.extend(deliveries("one"), scope)
        yield* publish(publication("a.v1", "first"))
        const first = yield* next(one)
        // Another replica handles it while we are cut off. What comes then has the number on our next channel that it had.
        yield* world.wire.away(true)
        const elsewhere = yield* takeBehind(world, queue)
        if (elsewhere !== false) world.behind.ack(elsewhere)
        yield* putBehind(world, "a.v1", Buffer.from("second"))
        yield* world.wire.away(false)
        const second = yield* next(one)
        assert.strictEqual(second.body, "second")
        yield* first.settle(acknowledge)
        // The second was not settled, so it must be there for the next consumer.
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(yield* drain(yield* deliveries("one"), 1), ["second"])
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("keeps what is not settled though later ones are, and gives it to whoever comes next", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        yield* Effect.forEach(["a", "b", "c", "d"], (body) => publish(publication("a.v1", body)))
        const scope = yield* Scope.make()
        const one = yield* Scope.extend(deliveries("one"), scope)
        const taken = yield* Effect.replicateEffect(next(one), 4)
        yield* Effect.forEach(taken, ({ body, settle }) => body === "b" ? Effect.void : settle(acknowledge))
        yield* Scope.close(scope, Exit.void)
        const left = yield* deliveries("one")
        assert.deepStrictEqual(yield* drain(left, 1), ["b"])
        yield* publish(publication("a.v1", "e"))
        assert.deepStrictEqual(yield* drain(left, 1), ["e"])
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("says it is not ready when its queue is deleted, makes it again, and loses nothing it held (H128, H130)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const queue = `${world.namespace}.one`
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        yield* eventually(ready, (is) => is)
        yield* Effect.forEach(["a", "b", "c"], (body) => publish(publication("a.v1", body)))
        yield* eventually(Queue.size(one), (size) => size === 3)
        yield* Effect.promise(() => world.behind.deleteQueue(queue))
        yield* eventually(ready, (is) => !is)
        yield* eventually(ready, (is) => is, recovery)
        assert.strictEqual(yield* consumersOf(world, queue), 1)
        assert.deepStrictEqual(yield* drain(one, 3), ["a", "b", "c"])
        yield* publish(publication("b.v1", "d"))
        assert.deepStrictEqual(yield* drain(one, 1), ["d"])
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("is not ready and says why when a queue exists with other arguments, and is when it is gone (H129)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const queue = `${world.namespace}.one`
      const said: Array<string> = []
      const log = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => {
          if (logLevel.label === "ERROR") said.push(String(message))
        })
      )
      yield* Effect.promise(() => world.behind.assertQueue(queue, { durable: true }))
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        // Looked at until both, publisher and consumer, have tried more than once.
        yield* eventually(Effect.sync(() => said.length), (n) => n >= 4)
        assert.isTrue(said.every((line) => line.includes("PRECONDITION_FAILED") && line.includes(queue)), said[0])
        assert.isFalse(yield* ready)
        yield* Effect.promise(() => world.behind.deleteQueue(queue))
        yield* eventually(ready, (is) => is, recovery)
        yield* publish(publication("a.v1", "at last"))
        assert.deepStrictEqual(yield* drain(one, 1), ["at last"])
      }).pipe(Effect.provide(Layer.provideMerge(world.layer, log)))
    }))

  it.scopedLive("holds a bounded number of the 2000 that wait (H148)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        yield* Effect.replicateEffect(publish(publication("a.v1")), 2000, { concurrency: 500, discard: true })
        const one = yield* deliveries("one")
        yield* eventually(Queue.size(one), (size) => size === 512)
        assert.strictEqual(yield* depth(world, `${world.namespace}.one`), 2000 - 512)
        const held = yield* Queue.takeN(one, 512)
        yield* Effect.forEach(held, ({ settle }) => settle(acknowledge))
        yield* eventually(Queue.size(one), (size) => size === 512)
        yield* drain(one, 2000 - Chunk.size(held))
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("burns no attempt when a consumer goes away, however often (H126, H133)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        yield* publish(publication("a.v1"))
        for (let death = 1; death <= 30; death++) {
          const { attempt } = yield* Effect.scoped(Effect.flatMap(deliveries("one"), next))
          assert.strictEqual(attempt, 1)
        }
        const last = yield* Effect.flatMap(deliveries("one"), next)
        assert.strictEqual(last.dead, undefined)
        yield* last.settle(acknowledge)
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("shows what the broker gave up, with the reason, instead of leaving it unseen (H131, H134)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const queue = `${world.namespace}.one`
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        yield* publish(publication("a.v1", "poison"))
        yield* publish(publication("a.v1", "healthy"))
        // The limit of n is passed with delivery n + 1.
        for (let delivered = 1; delivered <= 101; delivered++) {
          const found = yield* takeBehind(world, queue)
          assert.strictEqual(found !== false && found.content.toString(), "poison")
          if (found !== false) world.behind.nack(found, false, true)
        }
        yield* eventually(depth(world, `${queue}.dead`), (n) => n === 1)
        const one = yield* deliveries("one")
        const both = [yield* next(one), yield* next(one)].toSorted((a, b) => a.body.localeCompare(b.body))
        assert.deepStrictEqual(both.map(({ body }) => body), ["healthy", "poison"])
        assert.strictEqual(both[0]?.dead, undefined)
        assert.include(both[1]?.dead ?? "", "delivery_limit")
        yield* Effect.forEach(both, ({ settle }) => settle(acknowledge))
        yield* eventually(depth(world, `${queue}.dead`), (n) => n === 0)
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("delivers what is not text, or claims a strange attempt, like everything else (H144)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { deliveries } = yield* Broker
        const one = yield* deliveries("one")
        yield* eventually(ready, (is) => is)
        yield* putBehind(world, "a.v1", Buffer.from([0xff, 0xfe, 0x00]))
        yield* putBehind(world, "a.v1", Buffer.from("x"), { "x-quartet-attempt": "many" })
        yield* putBehind(world, "a.v1", Buffer.alloc(0), { "x-quartet-attempt": -1 })
        const bodies = yield* Effect.replicateEffect(
          Effect.tap(
            next(one),
            (delivery) =>
              Effect.zipRight(Effect.sync(() => assert.strictEqual(delivery.attempt, 1)), delivery.settle(acknowledge))
          ),
          3
        )
        // Bytes that are no text are kept to the byte.
        assert.deepStrictEqual(bodies.map(({ body, encoding }) => [body, encoding]), [
          [Buffer.from([0xff, 0xfe, 0x00]).toString("base64"), "base64"],
          ["x", undefined],
          ["", undefined]
        ])
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("keeps the bytes and the id of what comes again later, and leaves nothing in the wait (H131)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const queue = `${world.namespace}.one`
      const sent = publication("a.v1", "æ")
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        yield* Effect.scoped(Effect.gen(function*() {
          const one = yield* deliveries("one")
          yield* publish(sent)
          const first = yield* next(one)
          yield* first.settle(retry(Duration.millis(60)))
          const second = yield* next(one)
          assert.deepStrictEqual([second.attempt, second.body], [2, "æ"])
        }))
        const found = yield* takeBehind(world, queue)
        assert.isOk(found)
        assert.deepStrictEqual(
          [found.properties.messageId, found.properties.type, found.properties.headers?.["x-quartet-attempt"]],
          [sent.id, "a.v1", 2]
        )
        world.behind.ack(found)
        assert.strictEqual(yield* depth(world, `${world.namespace}.wait.200ms`), 0)
        assert.strictEqual(yield* depth(world, queue), 0)
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("finds out by itself that the wire fell silent, and goes on over a new one (H110, H141)", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      yield* Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        yield* eventually(ready, (is) => is)
        yield* world.wire.silent(true)
        const [taken, unheard] = yield* Effect.timed(Effect.either(publish(publication("a.v1", "unheard"))))
        assert.isTrue(Either.isLeft(unheard))
        assert.isBelow(Duration.toSeconds(taken), 20)
        yield* eventually(ready, (is) => !is)
        yield* world.wire.silent(false)
        yield* eventually(ready, (is) => is, "20 seconds")
        yield* publish(publication("a.v1", "heard"))
        assert.include(yield* drain(one, 1), "heard")
      }).pipe(Effect.provide(world.layer))
    }))

  it.scopedLive("closes within its limits though nobody answers", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld(subscriptions)
      const [taken] = yield* Effect.timed(Effect.scoped(
        Effect.gen(function*() {
          const { deliveries } = yield* Broker
          yield* Effect.asVoid(deliveries("one"))
          yield* eventually(ready, (is) => is)
          yield* world.wire.silent(true)
        }).pipe(Effect.provide(world.layer))
      ))
      assert.isBelow(Duration.toSeconds(taken), 20)
    }))
})
