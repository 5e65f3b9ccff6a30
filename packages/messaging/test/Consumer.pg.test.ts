import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Ref, Schema, Scope } from "effect"
import * as Actor from "../src/Actor.ts"
import type { Publication } from "../src/Broker.ts"
import { Broker } from "../src/Broker.ts"
import * as Consumer from "../src/Consumer.ts"
import type { Handler } from "../src/Handler.ts"
import { on, perform } from "../src/Handler.ts"
import { define } from "../src/Message.ts"
import { Parking } from "../src/Parking.ts"
import * as Retry from "../src/Retry.ts"
import * as Counter from "./support/Counter.ts"
import { countOf } from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"
import { broker, letter } from "./support/Letters.ts"
import * as ProxiedPostgres from "./support/ProxiedPostgres.ts"

const count = (key: string, amount = 1) => letter(Counter.Count.say({ key, amount }))
const Outside = define(
  "clicker.outside.v1",
  Schema.Struct({ key: Schema.String, amount: Schema.Int }),
  ({ key }) => key
)

/** A consumer of the counters, with more handlers where a test wants them, and an actor that counts its batches. */
const start = Effect.fnUntraced(function*(more: ReadonlyArray<Handler<Counter.Command>> = [], over: object = {}) {
  const sql = yield* SqlClient.SqlClient
  const actor = yield* Actor.make(Counter.counter(sql))
  yield* Consumer.make({ name: "counter", actor, handlers: [...Counter.handlers, ...more], ...over })
})
const publish = (...letters: ReadonlyArray<Publication>) =>
  Effect.flatMap(Broker, ({ publish }) => Effect.forEach(letters, publish, { concurrency: "unbounded", discard: true }))
const parked = Effect.flatMap(Parking, ({ list }) => list)
const value = (key: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => Counter.valueOf(sql, key))
const clean = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`TRUNCATE parked_messages, counters, counted, outbox`)
const running = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(Fiber.poll(fiber), Option.isNone)

layer(Layer.merge(ProxiedPostgres.layer, broker), { excludeTestServices: true })("a consumer", (it) => {
  it.scoped("settles a message after its commit, and each of its duplicates without effect (H124, H146)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      const one = count("a", 5)
      yield* publish(one, one, one, count("b"))
      assert.deepStrictEqual([yield* value("a"), yield* value("b")], [5, 1])
      yield* publish(one)
      assert.strictEqual(yield* value("a"), 5)
    }))

  it.scoped("parks at once what it cannot read, without a crash, and goes on (H143, H144, H189)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      const [good, wrong] = [count("a"), count("b")]
      const bodies = [
        "not json",
        "",
        "{\"specversion\":\"1.0\"}",
        "\u0000",
        "[".repeat(100_000),
        good.body.replace(good.id, "not-an-id"),
        wrong.body.replace("\"amount\":1", "\"amount\":\"1\"")
      ]
      yield* publish(...bodies.map((body) => ({ ...count("x"), body })), good)
      const waiting = yield* parked
      assert.strictEqual(waiting.length, bodies.length)
      assert.deepStrictEqual(new Set(waiting.map(({ attempts }) => attempts)), new Set([1]))
      const reason = waiting.find(({ messageId }) => messageId === wrong.id)?.reason ?? ""
      assert.include(reason, "clicker.count.v1")
      assert.include(reason, "amount")
      assert.strictEqual(yield* value("a"), 1)
    }))

  it.scoped("parks another message under an id that was handled, and keeps what the first did (H143)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      const id = Counter.messageId()
      const under = (amount: number) => letter(Counter.Count.say({ key: "reused", amount }), id)
      yield* publish(under(1))
      yield* publish(under(10), under(1), under(100))
      const waiting = yield* parked
      assert.sameMembers(waiting.map(({ envelope }) => envelope), [under(10).body, under(100).body])
      assert.isTrue(waiting.every(({ messageId }) => messageId.startsWith(id)))
      assert.match(waiting[0]?.reason ?? "", /^Its id is that of another message, which was handled/)
      assert.strictEqual(yield* value("reused"), 1)
      // Asked for again it stays what it is.
      yield* Effect.flatMap(Parking, ({ replay }) => replay(Option.none()))
      yield* eventually(parked, (again) => again.length === 2 && again.every(({ attempts }) => attempts === 2))
      assert.strictEqual(yield* value("reused"), 1)
    }))

  it.scoped("applies one of two messages that bring the same id at once, and parks the other (H143)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start([], { workers: 1 })
      const id = Counter.messageId()
      yield* publish(...[1, 10].map((amount) => letter(Counter.Count.say({ key: "both", amount }), id)))
      const applied = yield* value("both")
      assert.include([1, 10], applied)
      assert.deepStrictEqual((yield* parked).map(({ envelope }) => envelope), [
        letter(Counter.Count.say({ key: "both", amount: 11 - applied }), id).body
      ])
    }))

  it.scoped("takes a message whose id was kept by a release without digests for a duplicate (H167)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      const sql = yield* SqlClient.SqlClient
      const one = count("old")
      yield* sql`INSERT INTO processed_messages (consumer, message_id, type, subject)
        VALUES ('counter', ${one.id}, ${one.type}, ${one.subject})`
      yield* publish(one)
      assert.deepStrictEqual([yield* value("old"), (yield* parked).length], [0, 0])
    }))

  it.scoped("acknowledges a type that is none of its business, and parks a version it does not know (H175, H176)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      const other = { ...letter({ ...Counter.Count.say({ key: "a", amount: 1 }), type: "clicker.other.v1" }) }
      const newer = letter({ ...Counter.Count.say({ key: "a", amount: 1 }), type: "clicker.count.v2" })
      yield* publish(other, newer)
      const waiting = yield* parked
      assert.deepStrictEqual(waiting.map(({ messageId, reason }) => [messageId, reason]), [
        [newer.id, "clicker.count.v2: this version is not known here."]
      ])
    }))

  it.scoped("tries a message that came too early again, and applies it when its time has come (H137)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start([], { workers: 1 })
      const more = letter(Counter.CountMore.say({ key: "early", amount: 10 }))
      // Twice in one batch: no delivery may count as done while the message still waits for its next attempt.
      const early = [yield* Effect.fork(publish(more)), yield* Effect.fork(publish(more))]
      // The first may share their batch; when the second is done, whatever was settled with the first is long known.
      yield* Effect.zipRight(publish(count("other")), publish(count("other")))
      assert.deepStrictEqual(yield* Effect.forEach(early, running), [true, true])
      yield* publish(count("early"))
      yield* Fiber.joinAll(early)
      assert.strictEqual(yield* value("early"), 11)
      assert.deepStrictEqual(yield* parked, [])
    }))

  it.scoped("parks poison at the attempt limit with its reason, while others go on meanwhile (H131, H149)", () =>
    Effect.gen(function*() {
      yield* clean
      const bug = on(Outside, (): Counter.Command => {
        throw new Error("a bug of the handler")
      })
      yield* start([bug])
      const thrown = letter(Counter.Explode.say({ key: "a", amount: 1 }))
      const checked = count("check", -1)
      const untranslated = letter(Outside.say({ key: "a", amount: 1 }))
      const poison = yield* Effect.fork(publish(thrown, checked, untranslated))
      yield* publish(...Array.from({ length: 20 }, () => count("a")))
      assert.isTrue(yield* running(poison))
      assert.strictEqual(yield* value("a"), 20)
      yield* Fiber.join(poison)
      const waiting = yield* parked
      const reasonOf = ({ id }: Publication) => waiting.find(({ messageId }) => messageId === id)?.reason ?? ""
      assert.include(reasonOf(thrown), "boom on a")
      assert.include(reasonOf(checked), "counters_value_check")
      assert.include(reasonOf(untranslated), "a bug of the handler")
      assert.deepStrictEqual(waiting.map(({ attempts }) => attempts), [1, 1, 1].map(() => Retry.attemptLimit))
    }))

  it.scoped("parks a refused message at once with the refusal", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      yield* publish(letter(Counter.Forbid.say({ key: "a", amount: 1 })))
      const [refused] = yield* parked
      assert.strictEqual(refused?.reason, "Refused: Forbidden: Counter a must not be touched.")
      assert.strictEqual(refused?.attempts, 1)
    }))

  it.scoped("burns no attempt while the database is away, and goes on when it is back (H132)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      const wire = yield* ProxiedPostgres.Wire
      yield* wire.away(true)
      const waiting = yield* Effect.fork(publish(...Array.from({ length: 10 }, () => count("away"))))
      yield* eventually(wire.refused, (n) => n > 10)
      assert.isTrue(yield* running(waiting))
      yield* wire.away(false)
      yield* Fiber.join(waiting)
      assert.strictEqual(yield* value("away"), 10)
      assert.deepStrictEqual(yield* parked, [])
    }))

  it.scoped("lets messages that ask somebody outside hold up nobody else, and asks a bounded number at once", () =>
    Effect.gen(function*() {
      yield* clean
      const go = yield* Deferred.make<void>()
      const asking = yield* Ref.make(0)
      const most = yield* Ref.make(0)
      const ask = perform(Outside, ({ amount, key }) =>
        Ref.updateAndGet(asking, (n) => n + 1).pipe(
          Effect.tap((n) => Ref.update(most, (m) => Math.max(m, n))),
          Effect.zipRight(Deferred.await(go)),
          Effect.zipRight(Ref.update(asking, (n) => n - 1)),
          Effect.as(Counter.command("Add", key, amount))
        ))
      yield* start([ask], { outside: 8 })
      const slow = yield* Effect.fork(
        publish(...Array.from({ length: 20 }, () => letter(Outside.say({ key: "slow", amount: 1 }))))
      )
      yield* eventually(Ref.get(asking), (n) => n === 8)
      yield* publish(...Array.from({ length: 20 }, () => count("quick")))
      assert.strictEqual(yield* value("quick"), 20)
      assert.isTrue(yield* running(slow))
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(slow)
      assert.deepStrictEqual([yield* value("slow"), yield* Ref.get(most)], [20, 8])
    }))

  it.scoped("tries again alone what died outside, and parks it at the limit (H131)", () =>
    Effect.gen(function*() {
      yield* clean
      const asked = yield* Ref.make(0)
      const ask = perform(Outside, () => Effect.zipRight(Ref.update(asked, (n) => n + 1), Effect.die("gateway bug")))
      yield* start([ask])
      yield* publish(letter(Outside.say({ key: "a", amount: 1 })), count("a"))
      const waiting = yield* parked
      assert.strictEqual(waiting.length, 1)
      assert.include(waiting[0]?.reason, "gateway bug")
      assert.deepStrictEqual([yield* Ref.get(asked), yield* value("a")], [Retry.attemptLimit, 1])
    }))

  it.scoped("replays what was parked once a person asks; asking twice is harmless (H135)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* start()
      const parking = yield* Parking
      const park = ({ body, id, subject, type }: Publication) =>
        parking.park({ consumer: "counter", messageId: id, type, subject, envelope: body, reason: "was", attempts: 5 })
      const good = count("replay", 3)
      const bad = letter(Counter.Forbid.say({ key: "replay", amount: 1 }))
      yield* Effect.forEach([good, bad], park)
      yield* parking.replay(Option.none())
      yield* eventually(value("replay"), (n) => n === 3)
      const left = yield* eventually(parked, ([first, ...others]) => others.length === 0 && first?.reason !== "was")
      assert.deepStrictEqual(left.map(({ attempts, messageId }) => [messageId, attempts]), [[bad.id, 6]])
      // Parked once more by mistake, replayed once more: the message has its effect already.
      yield* park(good)
      yield* parking.replay(Option.none())
      yield* eventually(parked, (waiting) => waiting.length === 1 && waiting[0]?.attempts === 7)
      assert.strictEqual(yield* value("replay"), 3)
    }))

  it.effect("leaves to its successor what it had not settled when it stopped, with one effect (H125, H126)", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      const scope = yield* Scope.make()
      const inside = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const onceLoaded = Effect.zipRight(Deferred.succeed(inside, undefined), Deferred.await(go))
      const actor = yield* Scope.extend(Actor.make(Counter.counter(sql, { onceLoaded })), scope)
      const consumer = yield* Scope.make()
      yield* Scope.extend(Consumer.make({ name: "counter", actor, handlers: Counter.handlers }), consumer)
      const published = yield* Effect.fork(publish(count("left"), count("left"), count("left")))
      yield* Deferred.await(inside)
      // The consumer goes away between the decision and the commit of its batch.
      yield* Scope.close(consumer, Exit.void)
      yield* Deferred.succeed(go, undefined)
      yield* Scope.close(scope, Exit.void)
      const committed = yield* value("left")
      assert.isAtLeast(committed, 1)
      assert.isTrue(yield* running(published))
      yield* Effect.scoped(Effect.zipRight(start(), Fiber.join(published)))
      assert.strictEqual(yield* value("left"), 3)
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM counted`), 3)
    }))
})
