import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Cause, Deferred, Effect, Fiber, Ref } from "effect"
import * as Actor from "../src/Actor.ts"
import { atomically } from "../src/Transaction.ts"
import * as Counter from "./support/Counter.ts"
import { byKey, byMessage, byRequest, command, countOf } from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"
import * as ProxiedPostgres from "./support/ProxiedPostgres.ts"

const tags = (outcomes: ReadonlyArray<Counter.CounterOutcome>) => outcomes.map(({ _tag }) => _tag)

layer(ProxiedPostgres.layer, { excludeTestServices: true })("a batch", (it) => {
  it.scoped("commits without the one command that throws, and gives its claims back (H149)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.make(Counter.counter(sql))
      const poison = byMessage(command("Boom", "throws"))
      const batch = [byMessage(command("Add", "throws")), poison, byMessage(command("Add", "throws"))]
      assert.deepStrictEqual(tags(yield* actor.submit(batch)), ["Done", "Died", "Done"])
      assert.strictEqual(yield* Counter.valueOf(sql, "throws"), 2)
      const cause = yield* countOf(sql`SELECT count(DISTINCT xact) AS n FROM counted WHERE key = 'throws'`)
      assert.strictEqual(cause, 1)
      assert.deepStrictEqual(tags(yield* actor.submit(batch)), ["Duplicate", "Died", "Duplicate"])
    }))

  it.scoped("commits without the one command that the database refuses, and tells why (H149)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.make(Counter.counter(sql))
      const amounts = [1, 1, 1, 1, -100, 1, 1, 1, 1, 1]
      const batch = amounts.map((amount, n) => byMessage(command("Add", `check ${n}`, amount)))
      const outcomes = yield* actor.submit(batch)
      assert.deepStrictEqual(tags(outcomes), amounts.map((amount) => amount < 0 ? "Died" : "Done"))
      const died = outcomes[4]
      assert.include(
        died?._tag === "Died" ? Cause.pretty(died.cause, { renderErrorCause: true }) : "",
        "counters_value_check"
      )
      assert.strictEqual(yield* countOf(sql`SELECT sum(value) AS n FROM counters WHERE key LIKE 'check %'`), 9)
      assert.deepStrictEqual(
        tags(yield* actor.submit(batch)),
        amounts.map((amount) => amount < 0 ? "Died" : "Duplicate")
      )
      // What was set aside left neither a claim nor a message (H121).
      const said = yield* countOf(sql`SELECT count(*) AS n FROM outbox WHERE subject LIKE 'check %'`)
      const claimed = yield* countOf(sql`SELECT count(*) AS n FROM processed_messages WHERE subject LIKE 'check %'`)
      assert.deepStrictEqual([said, claimed], [9, 9])
    }))

  it.scoped("keeps no key of a request that was refused, and none that came too early (H13)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.make(Counter.counter(sql))
      const outcomes = yield* actor.submit([
        byKey(command("Forbid", "keys"), "refused"),
        byKey(command("AddMore", "keys"), "early"),
        byKey(command("Note", "keys"), "ignored"),
        byKey(command("Add", "keys"), "done")
      ])
      assert.deepStrictEqual(tags(outcomes), ["Refused", "TooEarly", "Done", "Done"])
      const kept = yield* sql`SELECT key, body FROM idempotency_keys ORDER BY key`
      assert.deepStrictEqual(kept, [{ key: "done", body: "value 1" }, { key: "ignored", body: "value 0" }])
    }))

  it.scoped("shows one answer to all requests with one key, over several instances (H02)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actors = yield* Effect.all([1, 2].map(() => Actor.make(Counter.counter(sql))))
      const outcomes = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, n) => actors[n % 2]),
        (actor) => actor === undefined ? Effect.dieMessage("no actor") : actor.ask(byKey(command("Add", "one"), "one")),
        { concurrency: "unbounded" }
      )
      const answers = outcomes.map((outcome) => "answer" in outcome ? outcome.answer?.body : outcome._tag)
      assert.deepStrictEqual(new Set(answers), new Set(["value 1"]))
      assert.strictEqual(yield* Counter.valueOf(sql, "one"), 1)
      assert.strictEqual(tags(outcomes).filter((tag) => tag === "Done").length, 1)
    }))

  it.scoped("is done again harmlessly when the answer to its COMMIT was lost (H151, H152)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const wire = yield* ProxiedPostgres.Wire
      const actor = yield* Actor.make(Counter.counter(sql))
      const lost = yield* wire.lost
      yield* wire.loseNextCommit
      const outcomes = yield* actor.submit([byMessage(command("Add", "lost")), byKey(command("Add", "lost"), "lost")])
      assert.strictEqual((yield* wire.lost) - lost, 1)
      assert.deepStrictEqual(outcomes, [{ _tag: "Duplicate" }, { _tag: "Replayed", answer: Counter.answerOf(2) }])
      assert.strictEqual(yield* Counter.valueOf(sql, "lost"), 2)
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM outbox WHERE subject = 'lost'`), 2)
    }))

  it.scoped("answers Unavailable while the database is away, and works when it is back (H132, H157)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const wire = yield* ProxiedPostgres.Wire
      const actor = yield* Actor.make(Counter.counter(sql))
      const message = byMessage(command("Add", "away"))
      yield* wire.away(true)
      assert.deepStrictEqual(tags(yield* actor.submit([message])), ["Unavailable"])
      yield* wire.away(false)
      assert.deepStrictEqual(tags(yield* actor.submit([message])), ["Done"])
      assert.strictEqual(yield* Counter.valueOf(sql, "away"), 1)
    }))

  it.scoped("is tried again when another transaction is in its way (H154)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const tries = yield* Ref.make(0)
      yield* sql`INSERT INTO counters (key, value) VALUES ('rival 1', 0), ('rival 2', 0)`
      const lock = (key: string) => sql`UPDATE counters SET value = value + 1 WHERE key = ${key}`
      // The rival holds what the batch wants until the batch's first try has run into its lock time-out.
      const rivalHolds = yield* Deferred.make<void>()
      const batchHolds = yield* Deferred.make<void>()
      const onceLoaded = Ref.updateAndGet(tries, (n) => n + 1).pipe(
        Effect.tap(() => Deferred.succeed(batchHolds, undefined)),
        Effect.tap(() => Deferred.await(rivalHolds)),
        Effect.tap((times) => times === 1 ? sql`SET LOCAL lock_timeout = '100ms'` : Effect.void),
        Effect.zipRight(lock("rival 2"))
      )
      const actor = yield* Actor.make(Counter.counter(sql, { onceLoaded }))
      const rival = yield* lock("rival 2").pipe(
        Effect.tap(() => Deferred.succeed(rivalHolds, undefined)),
        Effect.tap(() => Deferred.await(batchHolds)),
        Effect.tap(() => eventually(Ref.get(tries), (times) => times > 1)),
        atomically,
        Effect.fork
      )
      const outcomes = yield* actor.submit([byRequest(command("Add", "rival 1"))])
      yield* Fiber.join(rival)
      assert.deepStrictEqual(tags(outcomes), ["Done"])
      assert.isAbove(yield* Ref.get(tries), 1)
      assert.deepStrictEqual(yield* Effect.all(["rival 1", "rival 2"].map((key) => Counter.valueOf(sql, key))), [1, 2])
    }))

  it.scoped("finds the row that another instance made first, instead of dying of it (H138)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const both = yield* Ref.make(0)
      const bothDecided = eventually(Ref.get(both), (n) => n >= 2)
      const onceLoaded = Effect.zipRight(Ref.update(both, (n) => n + 1), bothDecided)
      const actors = yield* Effect.all([1, 2].map(() => Actor.make(Counter.counter(sql, { onceLoaded }))))
      const outcomes = yield* Effect.forEach(actors, (actor) => actor.ask(byRequest(command("Add", "made"))), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(outcomes.map((outcome) => outcome._tag === "Done" ? outcome.reply : outcome).toSorted(), [
        1,
        2
      ])
      assert.strictEqual(yield* Ref.get(both), 3)
    }))

  it.scoped("sets aside the one command that breaks a unique key whatever is tried", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.make({
        ...Counter.counter(sql),
        // Never finds the row, so that it always tries to insert it.
        load: () => Effect.succeed(Counter.nothing)
      })
      const add = (key: string) => actor.submit([byMessage(command("Add", key)), byMessage(command("Add", `${key}'`))])
      assert.deepStrictEqual(tags(yield* add("unique")), ["Done", "Done"])
      yield* sql`DELETE FROM counters WHERE key = 'unique'''`
      assert.deepStrictEqual(tags(yield* add("unique")), ["Died", "Done"])
    }))
})
