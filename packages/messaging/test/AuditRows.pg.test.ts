import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer } from "effect"
import { auditRows } from "../src/internal/auditRows.ts"
import * as Counter from "./support/Counter.ts"

const twin = { consumer: "twin", types: ["clicker.count.v1"] }
const every = Duration.seconds(1)

/** A message that the relay has published. */
const published = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql`INSERT INTO outbox (message_id, type, subject, envelope) VALUES (gen_random_uuid(), 'clicker.count.v1', 'k', '{}')`
)

/** The statements of an audit whose relay holds the lease. */
const audit = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`UPDATE relay_lease SET holder = 'only', expires_at = now() + interval '1 hour'`
  const rows = yield* auditRows("only")
  yield* rows.enroll(["twin"])
  return rows
})

it.scopedLive("a mark waits for the transactions that began before it, so that no number is passed over (H107)", () =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* audit
    assert.strictEqual((yield* rows.mark).seq, "0")
    const written = yield* Deferred.make<void>()
    const done = yield* Deferred.make<void>()
    const late = yield* Effect.fork(sql.withTransaction(
      published.pipe(
        Effect.zipRight(Deferred.succeed(written, undefined)),
        Effect.zipRight(Deferred.await(done))
      )
    ))
    yield* Deferred.await(written)
    yield* published
    const early = yield* rows.mark
    assert.strictEqual(early.seq, "2")
    assert.isAtMost(early.oldest ?? Number.POSITIVE_INFINITY, early.at)
    yield* Deferred.succeed(done, undefined)
    yield* Fiber.join(late)
    const next = yield* rows.mark
    assert.isAbove(next.oldest ?? Number.POSITIVE_INFINITY, early.at)
    const manifest = yield* rows.open(twin, early, every)
    assert.strictEqual(manifest?.ids.length, 2)
  }).pipe(Effect.provide(Layer.fresh(Counter.layer()))))

it.scopedLive("a receipt counts for the newest manifest alone, and a message is missing until a later one has it", () =>
  Effect.gen(function*() {
    const rows = yield* audit
    yield* published
    const position = yield* rows.mark
    const first = yield* rows.open(twin, position, every)
    const ids = first?.ids ?? []
    assert.strictEqual(ids.length, 1)
    assert.isFalse(yield* rows.answered(twin, (first?.number ?? 0) + 1, []))
    assert.isTrue(yield* rows.answered(twin, first?.number ?? 0, ids))
    assert.isFalse(yield* rows.answered(twin, first?.number ?? 0, []))
    assert.deepStrictEqual(yield* rows.overdue(Duration.zero), [])
    const second = yield* rows.open(twin, position, every)
    assert.deepStrictEqual(second?.ids, ids)
    yield* rows.answered(twin, second?.number ?? 0, ids)
    assert.deepStrictEqual((yield* rows.overdue(Duration.zero)).map(({ id }) => id), ids)
    assert.isFalse(yield* rows.isComplete(["twin"], Duration.zero))
    const third = yield* rows.open(twin, position, every)
    yield* rows.answered(twin, third?.number ?? 0, [])
    assert.isTrue(yield* rows.isComplete(["twin"], Duration.zero))
    assert.deepStrictEqual(yield* rows.unconfirmed(position), [])
  }).pipe(Effect.provide(Layer.fresh(Counter.layer()))))
