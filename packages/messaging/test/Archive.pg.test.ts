import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Chunk, Duration, Effect, Layer, Metric, MetricState, Queue } from "effect"
import { Archive } from "../src/Archive.ts"
import { Broker } from "../src/Broker.ts"
import { Outbox } from "../src/Outbox.ts"
import * as Relay from "../src/Relay.ts"
import * as Counter from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"

/** So many rows, each said so long ago, or not said at all. */
const fill = (rows: number, said: string | null) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`
      INSERT INTO outbox (message_id, type, subject, envelope, published_at)
      SELECT gen_random_uuid(), 'counter.counted.v1', 'k' || n, '{}', now() - ${said}::interval
      FROM generate_series(1, ${rows}::integer) AS n`)

const count = (condition: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ readonly n: number }>`SELECT count(*)::integer AS n FROM outbox WHERE ${sql.literal(condition)}`,
      ([row]) => row?.n ?? -1
    ))

const clean = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`TRUNCATE outbox`)

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
      assert.strictEqual(yield* count("published_at IS NULL"), 5)
      assert.strictEqual(yield* archive.sayAgain(Duration.minutes(10)), 0)
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
      assert.strictEqual(yield* count("published_at IS NULL"), 3)
      assert.strictEqual(yield* count("published_at IS NOT NULL"), 4)
    }))

  it.scoped("is not read by the relay, however much it holds (H118)", () =>
    Effect.gen(function*() {
      yield* clean
      yield* fill(100_000, "1 hour")
      const said = yield* Queue.unbounded<string>()
      const broker = Layer.succeed(Broker, {
        publish: ({ subject }) => Queue.offer(said, subject),
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
        INSERT INTO outbox (message_id, type, subject, envelope, appended_at, due_at)
        VALUES (gen_random_uuid(), 't', 'later', '{}', now() - interval '1 day', now() + interval '1 day')`
      const seconds = Duration.toSeconds(yield* oldest)
      assert.isTrue(seconds >= 90 && seconds < 150, `${seconds}`)
      const pairs = yield* Metric.snapshot
      const gauges = pairs.filter(({ metricKey, metricState }) =>
        metricKey.name === "outbox_oldest_seconds" && MetricState.isGaugeState(metricState)
      )
      assert.isNotEmpty(gauges)
    }))
})
