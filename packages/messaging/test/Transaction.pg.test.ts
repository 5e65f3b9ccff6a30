import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { assert, it, layer } from "@effect/vitest"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Cause, Context, DateTime, Deferred, Effect, Exit, Fiber, Layer, Option, Predicate } from "effect"
import * as Actor from "../src/Actor.ts"
import { IdempotencyKeys } from "../src/IdempotencyKeys.ts"
import { Inbox } from "../src/Inbox.ts"
import * as Messaging from "../src/Messaging.ts"
import { Outbox } from "../src/Outbox.ts"
import { isSqlError, ofSqlError, withoutConsequences } from "../src/SqlFailure.ts"
import { written } from "../src/testing/Written.ts"
import { allInOneGo, atomically, inOneGo, inTwoGoes } from "../src/Transaction.ts"
import { write } from "../src/Write.ts"
import * as Counter from "./support/Counter.ts"
import { countOf } from "./support/Counter.ts"

const entry = {
  message: Counter.WasCounted.say({ key: "a", amount: 1 }),
  lineage: { causationId: "c", correlationId: "c" }
}

/** The SQLSTATE of a typed failure; a defect fails the test. */
const stateOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    if (Exit.isSuccess(exit) || exit.cause._tag !== "Fail") return `not a failure: ${JSON.stringify(exit)}`
    const { error } = exit.cause
    if (!isSqlError(error)) return `not an SqlError: ${JSON.stringify(exit)}`
    return Predicate.hasProperty(error.cause, "code") ? error.cause.code : ofSqlError(error)
  })

/** The SQLSTATEs of all failures. */
const statesOf = <A, E>(exit: Exit.Exit<A, E>): ReadonlyArray<unknown> =>
  Exit.isSuccess(exit) ?
    [] :
    [...Cause.failures(exit.cause)].map((error) =>
      isSqlError(error) && Predicate.hasProperty(error.cause, "code") ? error.cause.code : error
    )

/** As when the server's time for a statement is over just then: what is sent behind BEGIN is still done. */
const failingToBegin = (sql: SqlClient.SqlClient): SqlClient.SqlClient => {
  const cancelled = "DO $$ BEGIN RAISE EXCEPTION 'canceled' USING ERRCODE = 'query_canceled'; END $$"
  const reserve = Effect.map(sql.reserve, (connection) => ({
    ...connection,
    execute: (text: string, values: ReadonlyArray<unknown>) =>
      connection.execute(text.startsWith("BEGIN") ? text.replace("BEGIN", () => cancelled) : text, values, undefined)
  }))
  return new Proxy(sql, {
    get: (target, name, receiver): unknown => name === "reserve" ? reserve : Reflect.get(target, name, receiver)
  })
}

layer(Counter.layer(), { excludeTestServices: true })("a transaction", (it) => {
  it.effect("leaves nothing when the work fails, dies or is interrupted (H121)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const said = yield* Deferred.make<void>()
      const work = written(outbox.append([entry], DateTime.unsafeMake(0)))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(atomically(Effect.zipRight(work, Effect.fail("no"))))))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(atomically(Effect.zipRight(work, Effect.die("bug"))))))
      const fiber = yield* Effect.fork(
        atomically(work.pipe(Effect.zipRight(Deferred.succeed(said, undefined)), Effect.zipRight(Effect.never)))
      )
      yield* Deferred.await(said)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM outbox`), 0)
      yield* atomically(work)
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM outbox`), 1)
    }))

  it.effect("keeps nothing of what was sent together when one of it fails, and fails for that one's reason", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const count = (key: string, value: number) => sql`INSERT INTO counters (key, value) VALUES (${key}, ${value})`
      const work = inOneGo(count("one", 1), inOneGo(count("two", -1), count("three", 3)))
      const exit = yield* Effect.exit(Effect.uninterruptible(atomically(work)))
      assert.isTrue(Exit.isFailure(exit))
      if (Exit.isSuccess(exit)) return
      const reasons = Cause.failures(withoutConsequences(exit.cause))
      assert.deepStrictEqual(
        [...reasons].map(({ cause }) => Predicate.hasProperty(cause, "code") ? cause.code : cause),
        ["23514"]
      )
      assert.strictEqual(
        yield* countOf(sql`SELECT count(*) AS n FROM counters WHERE key IN ('one', 'two', 'three')`),
        0
      )
    }))

  it.effect("handles what is sent together in the order in which it was sent", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE told (place serial, word text)`
      const tell = (word: string) => sql`INSERT INTO told (word) VALUES (${word})`
      const words = Array.from({ length: 20 }, (_, index) => `word ${index}`)
      yield* atomically(allInOneGo(words.map((word) => Effect.asVoid(tell(word)))))
      const told = yield* sql<{ word: string }>`SELECT word FROM told ORDER BY place`
      assert.deepStrictEqual(told.map(({ word }) => word), words)
    }))

  it.effect("of two goes keeps nothing when one of its writes fails, and its connection is as good as new", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const count = (key: string, value: number) =>
        write(sql`INSERT INTO counters (key, value) VALUES (${key}, ${value})`)
      const kept = (...values: ReadonlyArray<number>) =>
        inTwoGoes(sql`SELECT 1`, () => ({
          writes: values.map((value, index) => count(`go ${index}`, value)),
          result: "kept"
        }))
      const counted = countOf(sql`SELECT count(*) AS n FROM counters WHERE key LIKE 'go %'`)
      for (const values of [[1, -1], [-1, 1], [1, -1, 1]]) {
        const exit = yield* Effect.exit(kept(...values))
        assert.deepStrictEqual(Exit.mapErrorCause(exit, withoutConsequences).pipe(statesOf), ["23514"])
        assert.strictEqual(yield* counted, 0)
      }
      assert.strictEqual(yield* kept(1, 2), "kept")
      assert.strictEqual(yield* counted, 2)
    }))

  it.effect("of two goes sends nothing of its writes, and no COMMIT, when one of them cannot be sent", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const unsendable = {
        toPostgres: () => {
          throw new Error("not to be sent")
        }
      }
      const looked = sql`INSERT INTO counters (key, value) VALUES ('looked', 1)`
      const exit = yield* Effect.exit(inTwoGoes(looked, () => ({
        writes: [
          write(sql`INSERT INTO counters (key, value) VALUES ('unsent', 1)`),
          write(sql`INSERT INTO counters (key, value) VALUES ('unsent 2', ${Object(unsendable)})`)
        ],
        result: undefined
      })))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM counters WHERE key IN ('unsent', 'looked')`), 0)
    }))

  it.effect("of two goes claims nothing when its BEGIN fails, though the claims were sent behind it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* Inbox
      const keys = yield* IdempotencyKeys
      const received = { messageId: Counter.messageId(), type: "test.v1", subject: "s", digest: "00" }
      const claim = { owner: "ann", key: "begin", fingerprint: "same", open: Option.none() }
      const claims = inOneGo(inbox.claim("one", [received]), keys.claim([claim]))
      const exit = yield* Effect.exit(
        Effect.provideService(
          inTwoGoes(claims, () => ({ writes: [], result: undefined })),
          SqlClient.SqlClient,
          failingToBegin(sql)
        )
      )
      assert.deepStrictEqual(statesOf(exit), ["57014"])
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM processed_messages`), 0)
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM idempotency_keys`), 0)
      yield* inTwoGoes(claims, () => ({ writes: [], result: undefined }))
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM processed_messages`), 1)
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM idempotency_keys`), 1)
    }))

  it.effect("fails with SqlError, not a defect, when only the COMMIT fails (H151, H153)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`
      assert.strictEqual(yield* stateOf(atomically(sql`INSERT INTO late VALUES (1), (1)`)), "23505")
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM late`), 0)
    }))

  it.effect("fails with SqlError when its connection is killed, and the pool recovers (H151)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const killed = (rest: Effect.Effect<unknown, SqlError.SqlError>) =>
        Effect.gen(function*() {
          const started = yield* Deferred.make<number>()
          const goOn = yield* Deferred.make<void>()
          const work = Effect.gen(function*() {
            yield* sql`INSERT INTO counters (key, value) VALUES ('killed', 1)`
            const [row] = yield* sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`
            yield* Deferred.succeed(started, row?.pid ?? 0)
            yield* Deferred.await(goOn)
            return yield* rest
          })
          const fiber = yield* Effect.fork(atomically(work))
          const pid = yield* Deferred.await(started)
          yield* sql`SELECT pg_terminate_backend(${pid}::int, 5000)`
          yield* Deferred.succeed(goOn, undefined)
          return yield* stateOf(Fiber.join(fiber))
        })
      // The first loses its next statement, the second its COMMIT.
      assert.strictEqual(yield* killed(sql`SELECT 1`), "Outage")
      assert.strictEqual(yield* killed(Effect.void), "Outage")
      assert.strictEqual(yield* Counter.valueOf(sql, "killed"), 0)
      assert.deepStrictEqual(yield* atomically(sql`SELECT 1 AS one`), [{ one: 1 }])
    }))
})

const service = (name: string) =>
  Messaging.layer.pipe(
    Layer.fresh,
    Layer.provideMerge(Postgres.layer({ service: name, migrations: Counter.migrations }))
  )

it.scopedLive("of one service never carries the writes of another in the same process", () =>
  Effect.gen(function*() {
    const database = yield* Layer.build(PostgresTest.database)
    const order = yield* Layer.build(service("order")).pipe(Effect.provide(database))
    const payment = yield* Layer.build(service("payment")).pipe(Effect.provide(database))
    const actor = yield* Actor.make(Counter.counter(Context.get(payment, SqlClient.SqlClient))).pipe(
      Effect.provide(payment)
    )
    // The actor's loop was forked before, so the order service's open transaction is not its own.
    const answered = yield* Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO counters (key, value) VALUES ('a', 1)`
      const [outcome] = yield* actor.submit([Counter.byMessage(Counter.command("Add", "a", 5))])
      return yield* Effect.fail(outcome?._tag)
    }).pipe(atomically, Effect.flip, Effect.provide(order))
    assert.strictEqual(answered, "Done")
    assert.strictEqual(yield* Counter.valueOf(Context.get(order, SqlClient.SqlClient), "a"), 0)
    assert.strictEqual(yield* Counter.valueOf(Context.get(payment, SqlClient.SqlClient), "a"), 5)
  }))
