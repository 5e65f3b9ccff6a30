import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer, Metric, MetricState, Schema } from "effect"
import * as Actor from "../src/Actor.ts"
import { Broker } from "../src/Broker.ts"
import * as Consumer from "../src/Consumer.ts"
import * as DeliveryAudit from "../src/DeliveryAudit.ts"
import { on } from "../src/Handler.ts"
import { defineTimer } from "../src/Message.ts"
import { Parking } from "../src/Parking.ts"
import * as RabbitMq from "../src/RabbitMq.ts"
import * as Relay from "../src/Relay.ts"
import * as Counter from "./support/Counter.ts"
import { command, Count, countOf, Forbid, WasCounted } from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"
import type { World } from "./support/Rabbit.ts"
import { depth, describeRabbit, makeWorld } from "./support/Rabbit.ts"
import { append, unpublished } from "./support/Said.ts"

const ClickDue = defineTimer(
  "clicker.due.v1",
  Schema.Struct({ key: Schema.String, amount: Schema.Int }),
  ({ key }) => key
)

/** Two consumers hear the same types: while one queue takes a message, the broker returns nothing. */
const subscriptions = [
  ...["counter", "twin"].map((consumer) => ({
    consumer,
    service: "clicker",
    types: [Count.type, Forbid.type, ClickDue.type]
  })),
  { consumer: "listener", service: "clicker", types: [WasCounted.type] }
]

const every = Duration.millis(150)

/** Quorum queues are made and written to disk; a busy machine takes its time. */
const long = "40 seconds"

const handlers = [...Counter.handlers, on(ClickDue, ({ amount, key }) => command("Add", key, amount))]

const consume = Effect.fnUntraced(function*(name: string) {
  const sql = yield* SqlClient.SqlClient
  const actor = yield* Actor.make(Counter.counter(sql, { name }), { partitions: 2, batch: 16, mailbox: 32 })
  yield* Consumer.make({ name, actor, handlers })
})

const publish = Effect.gen(function*() {
  yield* Relay.make({ ...Relay.defaultOptions, poll: Duration.millis(20) })
  return yield* DeliveryAudit.make({ service: "clicker", subscriptions, every })
})

const whenReady = Effect.flatMap(Broker, ({ ready }) => eventually(ready, (is) => is, long))

/** Nothing but the audit mends: the topology is not asserted again while the test runs. */
const inWorld = <A, E, R>(test: (world: World) => Effect.Effect<A, E, R>, declares = true) =>
  Effect.gen(function*() {
    const world = yield* makeWorld(subscriptions)
    const { namespace, url } = world
    const assertEvery = Duration.hours(1)
    const layer = RabbitMq.layer({ url, subscriptions, service: "clicker", namespace, assertEvery, declares })
    if (!declares) yield* Effect.provide(whenReady, Layer.fresh(world.layer))
    return yield* Effect.provide(Effect.scoped(test(world)), Layer.fresh(Layer.merge(layer, Counter.layer())))
  })

const handled = (consumer: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => countOf(sql`SELECT count(*) AS n FROM processed_messages WHERE consumer = ${consumer}`)
  )

const clicks = (count: number) => Array.from({ length: count }, (_, n) => Count.say({ key: `k${n % 7}`, amount: 1 }))

/** The sum of a counter for one subscriber, as it is measured. */
const metric = (name: string, consumer = "twin") =>
  Effect.map(Metric.snapshot, (pairs) =>
    pairs.reduce((sum, { metricKey, metricState }) => {
      const isOurs = metricKey.name === name && metricKey.tags.some(({ value }) => value === consumer)
      return isOurs && MetricState.isCounterState(metricState) ? sum + Number(metricState.count) : sum
    }, 0))

/** How many rounds the audit has made by the number of the newest manifest. */
const manifests = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => countOf(sql`SELECT manifest AS n FROM delivery_audits WHERE consumer = 'counter'`)
)

describeRabbit("the audit of deliveries", () => {
  it.scopedLive("publishes to the one subscriber what it missed for want of a binding, and is red meanwhile (H130)", () =>
    inWorld(({ behind, namespace }) =>
      Effect.gen(function*() {
        yield* consume("counter")
        yield* consume("twin")
        const { complete } = yield* publish
        yield* whenReady
        yield* append(...clicks(3))
        yield* eventually(handled("twin"), (n) => n === 3, long)
        const before = yield* metric("deliveries_lost_total")
        yield* Effect.promise(() => behind.unbindQueue(`${namespace}.twin`, namespace, Count.type))
        yield* append(...clicks(300))
        yield* eventually(handled("counter"), (n) => n === 303, long)
        yield* eventually(complete, (is) => !is, long)
        yield* eventually(handled("twin"), (n) => n === 303, long)
        yield* eventually(complete, (is) => is, long)
        assert.strictEqual((yield* metric("deliveries_lost_total")) - before, 300)
        assert.strictEqual(yield* metric("deliveries_lost_total", "counter"), 0)
      })
    ))

  it.scopedLive("brings back what a deleted queue held, timers too, once somebody consumes it again (H130)", () =>
    inWorld(({ behind, namespace }) =>
      Effect.gen(function*() {
        yield* consume("counter")
        const { complete } = yield* publish
        yield* whenReady
        const now = yield* DateTime.now
        yield* append(
          ...clicks(200),
          ...Array.from({ length: 31 }, (_, n) => ClickDue.later({ key: `t${n}`, amount: 1 }, now))
        )
        yield* eventually(handled("counter"), (n) => n === 231, long)
        yield* eventually(unpublished, (n) => n === 0, long)
        const { messageCount } = yield* Effect.promise(() => behind.deleteQueue(`${namespace}.twin`))
        assert.isAtLeast(messageCount, 231)
        yield* consume("twin")
        yield* eventually(handled("twin"), (n) => n === 231, long)
        yield* eventually(complete, (is) => is, long)
      })
    ))

  it.scopedLive("takes nothing for lost that waits for a subscriber that is away, and asks it ever more rarely", () =>
    inWorld((world) =>
      Effect.gen(function*() {
        yield* consume("counter")
        const { complete } = yield* publish
        yield* whenReady
        const before = yield* metric("deliveries_republished_total")
        // The counter answers each round's manifest, so its number tells how many rounds there were.
        for (let round = 0; round < 12; round++) {
          const reached = yield* manifests
          yield* append(...clicks(1))
          yield* eventually(manifests, (n) => n > reached, long)
          assert.isTrue(yield* complete)
        }
        const waiting = yield* depth(world, `${world.namespace}.twin`)
        // Fewer manifests than rounds: the pause between two of them doubles.
        assert.isBelow(waiting, 12 + 12)
        yield* consume("twin")
        yield* eventually(handled("twin"), (n) => n === 12, long)
        assert.strictEqual(yield* metric("deliveries_republished_total"), before)
      })
    ))

  it.scopedLive("holds what was parked for delivered", () =>
    inWorld(() =>
      Effect.gen(function*() {
        yield* consume("counter")
        yield* consume("twin")
        const { complete } = yield* publish
        yield* whenReady
        yield* append(Forbid.say({ key: "a", amount: 1 }))
        const { list } = yield* Parking
        yield* eventually(list, (parked) => parked.length === 2, long)
        const sql = yield* SqlClient.SqlClient
        const confirmed = countOf(sql`
          SELECT count(*) AS n FROM delivery_audits WHERE consumer <> ''
            AND through_seq = (SELECT max(seq) FROM outbox) AND unanswered = 0`)
        yield* eventually(confirmed, (n) => n === 2, long)
        assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM missing_deliveries WHERE reports > 1`), 0)
        assert.isTrue(yield* complete)
      })
    ))

  it.scopedLive("is red while a queue is away that it may not declare, and mends the loss once it is back (H113)", () =>
    inWorld(
      ({ behind, layer, namespace }) =>
        Effect.gen(function*() {
          yield* consume("counter")
          const { complete } = yield* publish
          yield* whenReady
          yield* Effect.promise(() => behind.deleteQueue(`${namespace}.twin`))
          yield* append(...clicks(20))
          yield* eventually(handled("counter"), (n) => n === 20, long)
          yield* eventually(complete, (is) => !is, long)
          yield* Effect.scoped(
            Effect.gen(function*() {
              yield* Layer.build(Layer.fresh(layer))
              yield* eventually(complete, (is) => is, long)
            })
          )
          yield* consume("twin")
          yield* eventually(handled("twin"), (n) => n === 20, long)
          yield* eventually(complete, (is) => is, long)
        }),
      false
    ))
})
