import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Ref, Scope } from "effect"
import * as Actor from "../src/Actor.ts"
import * as Counter from "./support/Counter.ts"
import { byMessage, byRequest, command, countOf } from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"

/** An actor whose first batch waits inside its transaction, after it was decided, until it is let go. */
const held = Effect.fnUntraced(function*(limits: Actor.Limits = Actor.defaultLimits) {
  const sql = yield* SqlClient.SqlClient
  const inside = yield* Deferred.make<void>()
  const go = yield* Deferred.make<void>()
  const onceLoaded = Effect.zipRight(Deferred.succeed(inside, undefined), Deferred.await(go))
  const actor = yield* Actor.make(Counter.counter(sql, { onceLoaded }), limits)
  return { sql, actor, inside: Deferred.await(inside), letGo: Deferred.succeed(go, undefined) }
})

const tags = (outcomes: ReadonlyArray<Counter.CounterOutcome>) => outcomes.map(({ _tag }) => _tag)
const adds = (key: string, amounts: ReadonlyArray<number>) => amounts.map((n) => byRequest(command("Add", key, n)))

layer(Counter.layer(), { excludeTestServices: true })("an actor", (it) => {
  it.scoped("answers after the commit and never before", () =>
    Effect.gen(function*() {
      const { actor, inside, letGo, sql } = yield* held()
      const asked = yield* Effect.fork(actor.ask(byRequest(command("Add", "reply"))))
      yield* inside
      assert.isNull(yield* Fiber.poll(asked).pipe(Effect.map((exit) => exit._tag === "Some" ? exit.value : null)))
      assert.strictEqual(yield* Counter.valueOf(sql, "reply"), 0)
      yield* letGo
      const outcome = yield* Fiber.join(asked)
      assert.deepStrictEqual(outcome, { _tag: "Done", reply: 1, answer: undefined })
      assert.strictEqual(yield* Counter.valueOf(sql, "reply"), 1)
    }))

  it.scoped("commits what waits together: a hundred commands are one transaction, in their order", () =>
    Effect.gen(function*() {
      const { actor, inside, letGo, sql } = yield* held()
      const first = yield* Effect.fork(actor.ask(byRequest(command("Add", "first"))))
      yield* inside
      const waiting = yield* Effect.fork(actor.submit(adds("batch", Array.from({ length: 100 }, (_, n) => n + 1))))
      yield* Effect.yieldNow()
      yield* letGo
      yield* Fiber.join(first)
      const outcomes = yield* Fiber.join(waiting)
      const rows = yield* sql<{ amount: string; xact: string }>`
        SELECT amount, xact FROM counted WHERE key = 'batch' ORDER BY seq`
      assert.deepStrictEqual(rows.map(({ amount }) => Number(amount)), Array.from({ length: 100 }, (_, n) => n + 1))
      assert.strictEqual(new Set(rows.map(({ xact }) => xact)).size, 1)
      const last = outcomes.at(-1)
      assert.strictEqual(last?._tag === "Done" ? last.reply : 0, 5050)
    }))

  it.scoped("takes no more than its limit into one transaction", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.make(Counter.counter(sql), { partitions: 1, batch: 10, mailbox: 1024 })
      yield* actor.submit(adds("limit", Array.from({ length: 25 }, () => 1)))
      const sizes = yield* sql<{ n: string }>`
        SELECT count(*) AS n FROM counted WHERE key = 'limit' GROUP BY xact ORDER BY min(seq)`
      assert.strictEqual(sizes.reduce((sum, { n }) => sum + Number(n), 0), 25)
      assert.deepStrictEqual(sizes.filter(({ n }) => Number(n) > 10), [])
    }))

  it.scoped("keeps the order of one key over many partitions and submitters", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.make(Counter.counter(sql), { partitions: 4, batch: 7, mailbox: 16 })
      const keys = ["k1", "k2", "k3", "k4", "k5", "k6"]
      const amounts = Array.from({ length: 40 }, (_, n) => n + 1)
      yield* Effect.forEach(keys, (key) => actor.submit(adds(key, amounts)), { concurrency: "unbounded" })
      for (const key of keys) {
        const rows = yield* sql<{ amount: string }>`SELECT amount FROM counted WHERE key = ${key} ORDER BY seq`
        assert.deepStrictEqual(rows.map(({ amount }) => Number(amount)), amounts)
      }
    }))

  it.scoped("does two keys of different partitions side by side", () =>
    Effect.gen(function*() {
      const { actor, inside, letGo } = yield* held({ partitions: 8, batch: 10, mailbox: 10 })
      const first = yield* Effect.fork(actor.ask(byRequest(command("Add", "held"))))
      yield* inside
      // `Note` saves nothing, so it is not held; of many keys some live in another partition than `held`.
      const others = Array.from({ length: 50 }, (_, n) => byRequest(command("Note", `other ${n}`)))
      const outcome = yield* Effect.raceAll(others.map((other) => actor.ask(other)))
      assert.strictEqual(outcome._tag, "Done")
      yield* letGo
      yield* Fiber.join(first)
    }))

  it.scoped("answers Unavailable to a request beyond its mailbox, and takes requests again afterwards (H199)", () =>
    Effect.gen(function*() {
      const { actor, inside, letGo, sql } = yield* held({ partitions: 1, batch: 2, mailbox: 2 })
      const first = yield* Effect.fork(actor.ask(byRequest(command("Add", "full"))))
      yield* inside
      const waiting = yield* Effect.fork(actor.submit(adds("full", [1, 1])))
      yield* Effect.yieldNow()
      const rejected = yield* actor.ask(byRequest(command("Add", "full")))
      assert.deepStrictEqual(rejected, { _tag: "Unavailable", reason: "Too many commands wait already." })
      yield* letGo
      yield* Fiber.join(first)
      assert.deepStrictEqual(tags(yield* Fiber.join(waiting)), ["Done", "Done"])
      assert.strictEqual((yield* actor.ask(byRequest(command("Add", "full"))))._tag, "Done")
      assert.strictEqual(yield* Counter.valueOf(sql, "full"), 4)
    }))

  it.scoped("makes messages wait for room instead of refusing them", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.make(Counter.counter(sql), { partitions: 1, batch: 3, mailbox: 2 })
      const outcomes = yield* actor.submit(Array.from({ length: 50 }, () => byMessage(command("Add", "room"))))
      assert.deepStrictEqual(new Set(tags(outcomes)), new Set(["Done"]))
      assert.strictEqual(yield* Counter.valueOf(sql, "room"), 50)
    }))

  it.scoped("does the work of an asker that went away (H10)", () =>
    Effect.gen(function*() {
      const { actor, inside, letGo, sql } = yield* held()
      const asked = yield* Effect.fork(actor.ask(Counter.byKey(command("Add", "gone"), "gone")))
      yield* inside
      const waiting = yield* Effect.fork(actor.ask(byRequest(command("Add", "gone"))))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(asked)
      yield* Fiber.interrupt(waiting)
      yield* letGo
      yield* eventually(Counter.valueOf(sql, "gone"), (value) => value === 2)
      const replay = yield* actor.ask(Counter.byKey(command("Add", "gone"), "gone"))
      assert.deepStrictEqual(replay, { _tag: "Replayed", answer: Counter.answerOf(1) })
    }))

  it.effect("finishes the batch in hand when it stops, and tells the others that it is stopping (H164)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { actor, inside, letGo, sql } = yield* Scope.extend(held({ partitions: 1, batch: 4, mailbox: 4 }), scope)
      const inHand = yield* Effect.fork(actor.submit(adds("stop", [1])))
      yield* inside
      // Six for a mailbox of four: two of them still wait for room when the actor stops.
      const waiting = yield* Effect.fork(actor.submit(adds("stop", [1, 1, 1, 1, 1, 1])))
      yield* Effect.yieldNow()
      const closed = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* Effect.yieldNow()
      yield* letGo
      yield* Fiber.join(closed)
      assert.deepStrictEqual(tags(yield* Fiber.join(inHand)), ["Done"])
      assert.deepStrictEqual(new Set(tags(yield* Fiber.join(waiting))), new Set(["Unavailable"]))
      const late = yield* Effect.all([actor.ask(byRequest(command("Add", "stop"))), actor.submit(adds("stop", [1]))])
      assert.deepStrictEqual(tags([late[0], ...late[1]]), ["Unavailable", "Unavailable"])
      assert.strictEqual(yield* Counter.valueOf(sql, "stop"), 1)
    }))

  it.scoped("tells whoever waits in this process after the commit, whatever that comes to", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const seen = yield* Ref.make<ReadonlyArray<number>>([])
      const committed = (steps: ReadonlyArray<Counter.CounterStep>) =>
        Counter.valueOf(sql, "told").pipe(
          Effect.orDie,
          Effect.flatMap((value) => Ref.update(seen, (values) => [...values, value, steps.length])),
          Effect.zipRight(Effect.die("a bug of the listener"))
        )
      const actor = yield* Actor.make(Counter.counter(sql, { committed }))
      assert.deepStrictEqual(tags(yield* actor.submit(adds("told", [1, 1]))), ["Done", "Done"])
      assert.deepStrictEqual(yield* Ref.get(seen), [2, 2])
    }))

  it.scoped("handles one of a message's many deliveries, in one batch or over many actors (H124, H138)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actors = yield* Effect.all([1, 2, 3].map(() => Actor.make(Counter.counter(sql))))
      const messages = Array.from({ length: 20 }, (_, n) => byMessage(command("Add", `dup ${n % 4}`)))
      const outcomes = yield* Effect.forEach(
        actors,
        (actor) => actor.submit([...messages, ...messages.toReversed()]),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(tags(outcomes.flat()).toSorted(), [
        ...Array.from({ length: 20 }, () => "Done"),
        ...Array.from({ length: 100 }, () => "Duplicate")
      ])
      assert.strictEqual(yield* countOf(sql`SELECT sum(value) AS n FROM counters WHERE key LIKE 'dup %'`), 20)
    }))
})
