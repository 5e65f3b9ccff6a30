import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Chunk, Deferred, Duration, Effect, Fiber, Layer, Metric, MetricState, Queue } from "effect"
import { Archive } from "../src/Archive.ts"
import { Broker } from "../src/Broker.ts"
import { Outbox } from "../src/Outbox.ts"
import * as Relay from "../src/Relay.ts"
import { publishing } from "../src/testing/Publishing.ts"
import * as Counter from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"

/** So many rows, each said so long ago, or not said at all. */
const fill = (rows: number, said: string | null) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`
      WITH appended AS (
        INSERT INTO outbox (message_id, type, subject, envelope, appended_at)
        SELECT gen_random_uuid(), 'counter.counted.v1', 'k' || n, '{}', now() - coalesce(${said}::text, '0')::interval
        FROM generate_series(1, ${rows}::integer) AS n RETURNING seq
      )
      INSERT INTO outbox_unsent SELECT seq FROM appended WHERE ${said}::text IS NULL`)

const counts = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ readonly unsent: number; readonly kept: number }>`
      SELECT (SELECT count(*) FROM outbox_unsent)::integer AS unsent, (SELECT count(*) FROM outbox)::integer AS kept`,
    ([row]) => row ?? { unsent: -1, kept: -1 }
  ))

const clean = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`TRUNCATE outbox, outbox_unsent`)

const scans = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    Effect.map(
      sql<{ readonly unaimed: number; readonly byIndex: number }>`
        SELECT seq_tup_read::integer AS unaimed, idx_scan::integer AS "byIndex" FROM pg_stat_user_tables
        WHERE schemaname = current_schema() AND relname = 'outbox'`,
      ([row]) => row ?? { unaimed: -1, byIndex: -1 }
    )
)

layer(Counter.layer(), { excludeTestServices: true })("the outbox as an archive", (it) => {
  it.effect("says again what a broker lost, and nothing older (H130)", () =>
    Effect.gen(function*() {
      yield* clean
      const archive = yield* Archive
      yield* fill(7, "2 hours")
      yield* fill(5, "1 minute")
      assert.strictEqual(yield* archive.sayAgain(Duration.minutes(10)), 5)
      assert.deepStrictEqual(yield* counts, { unsent: 5, kept: 12 })
      assert.strictEqual(yield* archive.sayAgain(Duration.minutes(10)), 0)
    }))

  it.effect("says again all that was said about some subjects, however long ago, and nothing else (H130)", () =>
    Effect.gen(function*() {
      yield* clean
      const { sayAgainAbout } = yield* Archive
      const sql = yield* SqlClient.SqlClient
      yield* fill(4, "20 days")
      yield* fill(4, "1 minute")
      assert.strictEqual(yield* sayAgainAbout(["k2", "k3", "nobody"]), 4)
      const again = yield* sql<{ subject: string }>`
        SELECT DISTINCT subject FROM outbox JOIN outbox_unsent USING (seq) ORDER BY subject`
      assert.deepStrictEqual(again.map(({ subject }) => subject), ["k2", "k3"])
      assert.strictEqual(yield* sayAgainAbout(["k2"]), 0)
    }))

  it.effect("forgets what was said long ago, and never what was not said (H118)", () =>
    Effect.gen(function*() {
      yield* clean
      const archive = yield* Archive
      yield* fill(3, null)
      yield* fill(6000, "31 days")
      yield* fill(4, "1 day")
      assert.isAtMost(yield* archive.forget(Duration.days(30)), 5000)
      yield* eventually(archive.forget(Duration.days(30)), (forgotten) => forgotten === 0)
      assert.deepStrictEqual(yield* counts, { unsent: 3, kept: 7 })
    }))

  it.effect("forgets no message and leaves its wish to be said again behind (H118)", () =>
    Effect.gen(function*() {
      yield* clean
      const { forget, sayAgain } = yield* Archive
      const sql = yield* SqlClient.SqlClient
      yield* fill(10, "31 days")
      const locked = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const again = yield* sayAgain(Duration.days(40)).pipe(
        Effect.zipLeft(Deferred.succeed(locked, undefined)),
        Effect.zipLeft(Deferred.await(go)),
        sql.withTransaction,
        Effect.fork
      )
      yield* Deferred.await(locked)
      const forgetting = yield* Effect.fork(forget(Duration.days(30)))
      const waits = Effect.map(
        sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
        (rows) => rows.length
      )
      yield* eventually(waits, (n) => n > 0)
      yield* Deferred.succeed(go, undefined)
      assert.strictEqual(yield* Fiber.join(again), 10)
      assert.strictEqual(yield* Fiber.join(forgetting), 10)
      assert.deepStrictEqual(yield* counts, { unsent: 0, kept: 0 })
    }))

  it.scoped("is not read by the relay, however much it holds (H118)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* fill(100_000, "1 hour")
      const said = yield* Queue.unbounded<string>()
      const broker = Layer.succeed(Broker, {
        ...publishing(({ subject }) => Queue.offer(said, subject)),
        deliveries: () => Effect.dieMessage("nobody listens"),
        ready: Effect.succeed(true)
      })
      const before = yield* scans
      yield* fill(20, null)
      yield* Relay.make({ ...Relay.defaultOptions, linger: Duration.zero }).pipe(Effect.provide(broker))
      assert.strictEqual(Chunk.size(yield* Queue.takeN(said, 20)), 20)
      yield* Effect.flatMap(Outbox, ({ wake }) => wake)
      const after = yield* eventually(scans, ({ byIndex }) => byIndex > before.byIndex + 1)
      assert.isBelow(after.unaimed - before.unaimed, 100_000)
    }))

  it.effect("tells how long the oldest message waits that should be on its way (H108)", () =>
    Effect.gen(function*() {
      yield* clean
      const { oldest } = yield* Archive
      const sql = yield* SqlClient.SqlClient
      assert.strictEqual(Duration.toSeconds(yield* oldest), 0)
      yield* fill(2, null)
      yield* sql`UPDATE outbox SET appended_at = now() - interval '90 seconds'`
      yield* sql`
        WITH appended AS (
          INSERT INTO outbox (message_id, type, subject, envelope, appended_at, due_at)
          VALUES (gen_random_uuid(), 't', 'later', '{}', now() - interval '1 day', now() + interval '1 day')
          RETURNING seq, due_at
        )
        INSERT INTO outbox_unsent SELECT seq, due_at FROM appended`
      const seconds = Duration.toSeconds(yield* oldest)
      assert.isTrue(seconds >= 90 && seconds < 150, `${seconds}`)
      const pairs = yield* Metric.snapshot
      const gauges = pairs.filter(({ metricKey, metricState }) =>
        metricKey.name === "outbox_oldest_seconds" && MetricState.isGaugeState(metricState)
      )
      assert.isNotEmpty(gauges)
    }))
})
