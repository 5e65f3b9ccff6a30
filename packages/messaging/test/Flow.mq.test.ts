import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Fiber, Layer, Option, Queue } from "effect"
import * as Actor from "../src/Actor.ts"
import type { Delivery } from "../src/Broker.ts"
import { Broker } from "../src/Broker.ts"
import * as Consumer from "../src/Consumer.ts"
import { Parking } from "../src/Parking.ts"
import * as Relay from "../src/Relay.ts"
import * as Counter from "./support/Counter.ts"
import { countOf } from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"
import { letter, listener, subscriptions } from "./support/Letters.ts"
import * as ProxiedPostgres from "./support/ProxiedPostgres.ts"
import type { World } from "./support/Rabbit.ts"
import { describeRabbit, makeWorld, putBehind, takeBehind } from "./support/Rabbit.ts"
import { append, unpublished } from "./support/Said.ts"

/** The wire to RabbitMQ, and what consumers asked of it. */
class Rabbit extends Context.Tag("@quartet/messaging/test/Rabbit")<Rabbit, {
  readonly world: World
  readonly retries: Effect.Effect<number>
}>() {}

/** RabbitMQ, where every retry that is asked for is counted. */
const rabbit = Layer.unwrapScoped(Effect.gen(function*() {
  const world = yield* makeWorld(subscriptions)
  let retries = 0
  const counted = (delivery: Delivery): Delivery => ({
    ...delivery,
    settle: (disposition) => {
      if (disposition._tag === "Retry") retries += 1
      return delivery.settle(disposition)
    }
  })
  const counting = Layer.scoped(
    Broker,
    Effect.map(Broker, (broker) =>
      Broker.of({
        ...broker,
        deliveries: (consumer) =>
          Effect.gen(function*() {
            const from = yield* broker.deliveries(consumer)
            const to = yield* Queue.bounded<Delivery>(1)
            yield* Effect.forkScoped(
              Effect.forever(Effect.flatMap(Queue.take(from), (delivery) => Queue.offer(to, counted(delivery))))
            )
            return to
          })
      }))
  ).pipe(Layer.provide(world.layer))
  return Layer.merge(
    counting,
    Layer.succeed(Rabbit, { world, retries: Effect.sync(() => retries) })
  )
}))

const Everything = listener.pipe(Layer.provideMerge(rabbit), Layer.provideMerge(ProxiedPostgres.layer))

const start = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const actor = yield* Actor.make(Counter.counter(sql), { partitions: 3, batch: 16, mailbox: 32 })
  yield* Consumer.make({ name: "counter", actor, handlers: Counter.handlers, batch: 5 })
  yield* Relay.make({ ...Relay.defaultOptions, poll: Duration.millis(20) })
})
const counted = Effect.flatMap(SqlClient.SqlClient, (sql) => countOf(sql`SELECT count(*) AS n FROM counted`))
const clicks = (count: number) =>
  Array.from({ length: count }, (_, n) => Counter.Count.say({ key: `k${n % 7}`, amount: 1 }))

/** Every message had one effect, and none of them waits for a person. */
const eachOnce = Effect.fnUntraced(function*(messages: number) {
  const sql = yield* SqlClient.SqlClient
  yield* eventually(counted, (n) => n >= messages, "40 seconds")
  yield* eventually(unpublished, (n) => n === 0, "40 seconds")
  assert.strictEqual(yield* counted, messages)
  assert.strictEqual(yield* countOf(sql`SELECT count(DISTINCT cause) AS n FROM counted`), messages)
  assert.deepStrictEqual(yield* Effect.flatMap(Parking, ({ list }) => list), [])
})

describeRabbit("the way of a message over RabbitMQ", () => {
  it.scopedLive("leads from a commit through relay, broker and consumer to one effect (H104)", () =>
    Effect.gen(function*() {
      yield* append(...clicks(500))
      yield* start
      yield* eachOnce(500)
    }).pipe(Effect.provide(Layer.fresh(Everything))))

  it.scopedLive("has one effect when the connection is cut while a lock holds ten deliveries (H127, H169)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { world: { wire } } = yield* Rabbit
      yield* start
      const release = yield* Deferred.make<void>()
      const locked = yield* Deferred.make<void>()
      const lock = yield* Effect.fork(sql.withTransaction(
        sql`LOCK TABLE counters`.pipe(
          Effect.zipRight(Deferred.succeed(locked, undefined)),
          Effect.zipRight(Deferred.await(release))
        )
      ))
      yield* Deferred.await(locked)
      yield* append(...clicks(10))
      const waiting = countOf(sql`
        SELECT count(*) AS n FROM pg_locks WHERE relation = 'counters'::regclass AND NOT granted`)
      yield* eventually(waiting, (n) => n > 0)
      yield* wire.away(true)
      yield* append(...clicks(40))
      yield* wire.away(false)
      yield* eventually(Effect.flatMap(Broker, ({ ready }) => ready), (is) => is)
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(lock)
      yield* eachOnce(50)
    }).pipe(Effect.provide(Layer.fresh(Everything))))

  it.scopedLive("burns no attempt while the database is away (H132)", () =>
    Effect.gen(function*() {
      const database = yield* ProxiedPostgres.Wire
      const { retries } = yield* Rabbit
      const { publish } = yield* Broker
      yield* start
      yield* database.away(true)
      yield* Effect.forEach(clicks(30), (click) => publish(letter(click)))
      // The pause doubles, so this is longer than the first attempts of a message that fails by itself would take.
      const before = yield* database.refused
      yield* eventually(database.refused, (n) => n >= before + 12, "40 seconds")
      yield* database.away(false)
      yield* eachOnce(30)
      assert.strictEqual(yield* retries, 0)
    }).pipe(Effect.provide(Layer.fresh(Everything))))

  it.scopedLive("parks what nobody can read, and goes on with the others (H131, H143, H144)", () =>
    Effect.gen(function*() {
      const { world } = yield* Rabbit
      yield* start
      yield* eventually(Effect.flatMap(Broker, ({ ready }) => ready), (is) => is)
      const poison = [
        Buffer.from([0xff, 0xfe, 0x00, 0x80]),
        Buffer.alloc(0),
        Buffer.from("{\"specversion\":\"1.0\"}"),
        Buffer.from("[".repeat(200_000) + "]".repeat(200_000)),
        Buffer.from(`"${"x".repeat(3_000_000)}"`),
        // A message as any other but for one byte of a text: decoded it would read, and change what it says.
        Buffer.from(letter(Counter.Count.say({ key: "#", amount: 1 })).body.replaceAll("#", "\u00ff"), "latin1")
      ]
      yield* Effect.forEach(poison, (content) => putBehind(world, Counter.Count.type, content))
      yield* append(...clicks(5))
      const { list } = yield* Parking
      const parked = yield* eventually(list, (all) => all.length >= poison.length, "40 seconds")
      assert.strictEqual(parked.length, poison.length)
      assert.isTrue(parked.every(({ reason }) => reason.startsWith("Not an envelope: ")))
      // Whatever is no text is kept to the byte.
      const kept = parked.flatMap(({ encoding, envelope }) =>
        encoding === undefined ? [] : [Buffer.from(envelope, encoding)]
      )
      assert.deepStrictEqual(kept.map(String), [poison.at(0), poison.at(-1)].map(String))
      assert.isTrue(kept.every((bytes) => poison.some((sent) => sent.equals(bytes))))
      yield* eventually(counted, (n) => n === 5)
    }).pipe(Effect.provide(Layer.fresh(Everything))))

  it.scopedLive("parks unhandled what the broker gave up, and handles it when a person asks (H131, H134, H135)", () =>
    Effect.gen(function*() {
      const { world } = yield* Rabbit
      const { publish } = yield* Broker
      const sent = letter(Counter.Count.say({ key: "a", amount: 1 }))
      yield* publish(sent)
      for (let delivered = 1; delivered <= 101; delivered++) {
        const found = yield* takeBehind(world, `${world.namespace}.counter`)
        if (found !== false) world.behind.nack(found, false, true)
      }
      yield* start
      const { list, replay } = yield* Parking
      const [parked] = yield* eventually(list, (all) => all.length === 1)
      assert.strictEqual(parked?.messageId, sent.id)
      assert.include(parked?.reason ?? "", "delivery_limit")
      assert.strictEqual(yield* counted, 0)
      yield* replay(Option.none())
      yield* eachOnce(1)
    }).pipe(Effect.provide(Layer.fresh(Everything))))
})
