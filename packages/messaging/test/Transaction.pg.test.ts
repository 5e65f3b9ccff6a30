import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { assert, it, layer } from "@effect/vitest"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Context, DateTime, Deferred, Effect, Exit, Fiber, Layer, Option, Predicate, Schema } from "effect"
import * as Actor from "../src/Actor.ts"
import * as IdempotencyKeys from "../src/IdempotencyKeys.ts"
import * as Inbox from "../src/Inbox.ts"
import * as Messaging from "../src/Messaging.ts"
import * as Outbox from "../src/Outbox.ts"
import { isSqlError, ofSqlError } from "../src/SqlFailure.ts"
import { atomically } from "../src/transaction/Atomically.ts"
import { rowsAs } from "../src/transaction/Rows.ts"
import { statement } from "../src/transaction/Statement.ts"
import type { Transaction } from "../src/transaction/Transaction.ts"
import { Transactions } from "../src/transaction/Transaction.ts"
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

const insert = (key: string, value: number) => statement`INSERT INTO counters (key, value) VALUES (${key}, ${value})`

/** The SQLSTATE of what a promise of a transaction was rejected with. */
const codeOf = (work: () => Promise<unknown>) =>
  Effect.promise(() =>
    work().then(
      () => "not rejected",
      (error: unknown) =>
        isSqlError(error) && Predicate.hasProperty(error.cause, "code")
          ? error.cause.code
          : `no SqlError: ${String(error)}`
    )
  )

layer(Counter.layer(), { excludeTestServices: true })("a transaction", (it) => {
  it.effect("leaves nothing when the work fails or dies (H121)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Transactions
      const message = Outbox.append([entry], DateTime.unsafeMake(0))
      const failing = run(async ({ defer, query }) => {
        await query(insert("left", 1))
        defer(message)
        throw new Error("no")
      })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.tryPromise(() => failing))))
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM outbox`), 0)
      assert.strictEqual(yield* Counter.valueOf(sql, "left"), 0)
      yield* Effect.promise(() => run(({ defer }) => Promise.resolve(defer(message))))
      assert.strictEqual(yield* countOf(sql`SELECT count(*) AS n FROM outbox`), 1)
    }))

  it.effect("handles what is sent together in the order in which it was sent, deferred statements last", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Transactions
      yield* sql`CREATE TABLE noted (place serial, word text)`
      const note = (word: string) => statement`INSERT INTO noted (word) VALUES (${word})`
      const words = Array.from({ length: 20 }, (_, index) => `word ${index}`)
      yield* Effect.promise(() =>
        run(async ({ defer, query }) => {
          defer(note("last"))
          await Promise.all(words.map((word) => query(note(word))))
        })
      )
      const noted = yield* sql<{ word: string }>`SELECT word FROM noted ORDER BY place`
      assert.deepStrictEqual(noted.map(({ word }) => word), [...words, "last"])
    }))

  it.effect("keeps nothing when one of its statements fails, is rejected for that one's reason, and its connection is as good as new", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* Transactions
      const counted = countOf(sql`SELECT count(*) AS n FROM counters WHERE key LIKE 'go %'`)
      const statements = (values: ReadonlyArray<number>) => values.map((value, index) => insert(`go ${index}`, value))
      const asked = (values: ReadonlyArray<number>) => () =>
        run(({ query }) => Promise.all(statements(values).map(query)))
      const deferred = (values: ReadonlyArray<number>) => () =>
        run(({ defer }) => Promise.resolve(statements(values).forEach(defer)))
      for (const values of [[1, -1], [-1, 1], [1, -1, 1]]) {
        assert.strictEqual(yield* codeOf(asked(values)), "23514")
        assert.strictEqual(yield* codeOf(deferred(values)), "23514")
        assert.strictEqual(yield* counted, 0)
      }
      yield* Effect.promise(deferred([1, 2]))
      assert.strictEqual(yield* counted, 2)
    }))

  it.effect("claims nothing when its BEGIN fails, though the claims were sent behind it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { query, run } = yield* Transactions
      const received = { messageId: Counter.messageId(), type: "test.v1", subject: "s", digest: "00" }
      const claim = { owner: "ann", key: "begin", fingerprint: "same", open: Option.none() }
      const counts = Effect.all([
        countOf(sql`SELECT count(*) AS n FROM processed_messages WHERE message_id = ${received.messageId}`),
        countOf(sql`SELECT count(*) AS n FROM idempotency_keys WHERE key = 'begin'`)
      ])
      const outside: Transaction = { query, defer: () => {} }
      const claims = (transaction: Transaction) =>
        Promise.all([
          transaction.query(Inbox.claim("one", [received])),
          IdempotencyKeys.claim(transaction, [claim])
        ])
      // As when the server's time for BEGIN is over: what was sent behind it runs outside of any transaction.
      yield* Effect.promise(() => claims(outside))
      assert.deepStrictEqual(yield* counts, [0, 0])
      yield* Effect.promise(() => run(claims))
      assert.deepStrictEqual(yield* counts, [1, 1])
    }))

  it.effect("is rejected with SqlError when its connection is killed, and the pool recovers (H151)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { query, run } = yield* Transactions
      const killed = (goOn: (transaction: Transaction) => Promise<unknown>) =>
        Effect.map(
          Effect.either(Effect.tryPromise({
            try: () =>
              run(async (transaction) => {
                await transaction.query(insert("lost", 1))
                const [row] = pids(await transaction.query(statement`SELECT pg_backend_pid() AS pid`))
                await query(statement`SELECT pg_terminate_backend(${row?.pid ?? 0}::int, 5000)`)
                return goOn(transaction)
              }),
            catch: (error) => isSqlError(error) ? ofSqlError(error) : "no SqlError"
          })),
          (result) => result._tag === "Left" ? result.left : "kept"
        )
      // The first loses its next statement, the second its COMMIT.
      assert.strictEqual(yield* killed(({ query }) => query(statement`SELECT 1`)), "Outage")
      assert.strictEqual(yield* killed(() => Promise.resolve()), "Outage")
      assert.strictEqual(yield* Counter.valueOf(sql, "lost"), 0)
      assert.deepStrictEqual(yield* Effect.promise(() => query(statement`SELECT 1 AS one`)), [{ one: 1 }])
    }))
})

const pids = rowsAs(Schema.Struct({ pid: Schema.Int }))

layer(Counter.layer(), { excludeTestServices: true })("a transaction of the client", (it) => {
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
    const actor = yield* Actor.make(Counter.counter()).pipe(
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
