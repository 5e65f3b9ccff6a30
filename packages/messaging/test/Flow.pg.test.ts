import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, FastCheck, Layer, Scope } from "effect"
import * as Actor from "../src/Actor.ts"
import { Broker } from "../src/Broker.ts"
import * as Consumer from "../src/Consumer.ts"
import { Inbox } from "../src/Inbox.ts"
import { Outbox } from "../src/Outbox.ts"
import { Parking } from "../src/Parking.ts"
import * as Relay from "../src/Relay.ts"
import { written } from "../src/testing/Written.ts"
import { atomically } from "../src/Transaction.ts"
import * as Counter from "./support/Counter.ts"
import { countOf } from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"
import { broker, letter, listener } from "./support/Letters.ts"
import { append, unpublished } from "./support/Said.ts"

const start = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const actor = yield* Actor.make(Counter.counter(sql), { partitions: 3, batch: 16, mailbox: 32 })
  yield* Consumer.make({ name: "counter", actor, handlers: Counter.handlers, batch: 5 })
})
const clean = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`TRUNCATE parked_messages, counters, counted, outbox, processed_messages`
)
const relay = Relay.make({ ...Relay.defaultOptions, poll: Duration.millis(20) })

const World = Layer.provideMerge(listener, Layer.merge(Counter.layer(), broker))

/** Messages to three counters, and the order of their deliveries, each at least once. */
const deliveries = FastCheck.array(
  FastCheck.record({ key: FastCheck.constantFrom("a", "b", "c"), amount: FastCheck.integer({ min: 0, max: 9 }) }),
  { minLength: 1, maxLength: 12 }
).chain((messages) =>
  FastCheck.record({
    messages: FastCheck.constant(messages),
    order: FastCheck.array(FastCheck.nat(messages.length - 1), { maxLength: 24 }).chain((again) =>
      FastCheck.shuffledSubarray([...messages.keys(), ...again], { minLength: messages.length + again.length })
    )
  })
)

layer(World, { excludeTestServices: true })("the way of a message", (it) => {
  it.scoped("leads from a commit through relay, broker and consumer to one effect, and is marked at its end (H104)", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      yield* append(...Array.from({ length: 30 }, (_, n) => Counter.Count.say({ key: `k${n % 3}`, amount: 1 })))
      yield* start
      yield* relay
      // Thirty clicks and the thirty messages that the counter says of them.
      yield* eventually(unpublished, (n) => n === 0)
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM outbox`), 60)
      assert.strictEqual(yield* countOf(sql`SELECT sum(value) AS n FROM counters`), 30)
    }))

  it.scoped("ends nowhere while a subscriber has not committed: the row stays unmarked (H104, H125)", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      yield* append(Counter.Count.say({ key: "a", amount: 1 }), Counter.WasCounted.say({ key: "b", amount: 1 }))
      yield* relay
      // Nobody is there for the first; the second was heard.
      yield* eventually(unpublished, (n) => n === 1)
      const rest = yield* sql`SELECT type FROM outbox WHERE seq IN (SELECT seq FROM outbox_unsent)`
      assert.deepStrictEqual(rest, [{ type: "clicker.count.v1" }])
      yield* start
      yield* eventually(unpublished, (n) => n === 0)
    }))

  it.effect("has one effect however often the relay dies on it (H105, H165)", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      yield* append(...Array.from({ length: 200 }, (_, n) => Counter.Count.say({ key: `k${n % 20}`, amount: 1 })))
      yield* Effect.scoped(Effect.gen(function*() {
        yield* start
        for (let death = 1; death <= 5; death++) {
          const scope = yield* Scope.make()
          yield* Scope.extend(relay, scope)
          yield* eventually(countOf(sql`SELECT count(*) AS n FROM counted`), (n) => n >= death * 30)
          yield* Scope.close(scope, Exit.void)
        }
        yield* relay
        yield* eventually(unpublished, (n) => n === 0)
      }))
      assert.strictEqual(yield* countOf(sql`SELECT sum(value) AS n FROM counters`), 200)
      assert.strictEqual(yield* countOf(sql`SELECT count(DISTINCT cause) AS n FROM counted`), 200)
    }))

  it.scoped("waits for its due time when it is a timer, then counts once", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      yield* start
      yield* relay
      const inbox = yield* Inbox
      const outbox = yield* Outbox
      yield* Effect.flatMap(inbox.claim("clock", []), ({ now }) => {
        const due = Counter.CountDue.later({ key: "timer", amount: 1 }, DateTime.addDuration(now, "300 millis"))
        return written(outbox.append([{ message: due, lineage: { causationId: "c", correlationId: "c" } }], now))
      }).pipe(atomically)
      yield* append(Counter.Count.say({ key: "quick", amount: 1 }))
      yield* eventually(Counter.valueOf(sql, "quick"), (n) => n === 1)
      yield* eventually(Counter.valueOf(sql, "timer"), (n) => n === 1)
      const early = yield* sql`
        SELECT 1 FROM processed_messages JOIN outbox USING (message_id) WHERE processed_at < due_at`
      assert.deepStrictEqual(early, [])
    }))

  it.effect.prop(
    "has one effect under any interleaving of duplicates and reorderings (G10, H124, H137)",
    [deliveries],
    ([{ messages, order }]) =>
      Effect.scoped(Effect.gen(function*() {
        yield* clean
        yield* start
        const sql = yield* SqlClient.SqlClient
        const { publish } = yield* Broker
        const letters = messages.map((data) => letter(Counter.Count.say(data)))
        const pending = order.flatMap((index) => letters[index] ?? [])
        yield* Effect.forEach(pending, publish, { concurrency: "unbounded", discard: true })
        const expected = new Map<string, number>()
        for (const { amount, key } of messages) expected.set(key, (expected.get(key) ?? 0) + amount)
        const counters = yield* sql<{ key: string; value: string }>`SELECT key, value FROM counters`
        assert.deepStrictEqual(new Map(counters.map(({ key, value }) => [key, Number(value)])), expected)
        const causes = yield* sql<{ cause: string }>`SELECT cause FROM counted`
        assert.deepStrictEqual(causes.map(({ cause }) => cause).toSorted(), letters.map(({ id }) => `${id}`).toSorted())
        // One thing said for each effect (H122).
        assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM outbox`), messages.length)
        assert.deepStrictEqual(yield* Effect.flatMap(Parking, ({ list }) => list), [])
      })),
    { fastCheck: { numRuns: 40 } }
  )
})
