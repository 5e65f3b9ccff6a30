import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { Config, Context, Duration, Effect, Layer, Metric } from "effect"
import * as Worker from "./Worker.ts"

/**
 * What the outbox has said already. It is kept for a while, so that what a broker lost with its disk can be said again:
 * a message keeps its id for ever, and whoever handled it ignores the repetition.
 */
export class Archive extends Context.Tag("@quartet/messaging/Archive")<Archive, {
  /** Says again what was said in this last while, timers included; returns how many messages that is. */
  readonly sayAgain: (last: Duration.Duration) => Effect.Effect<number, SqlError.SqlError>
  /** Deletes what was said longer ago than this, at most 5000 messages at a time; returns how many it were. */
  readonly forget: (age: Duration.Duration) => Effect.Effect<number, SqlError.SqlError>
  /** How long the oldest message has waited that should be on its way; nothing when none does. */
  readonly oldest: Effect.Effect<Duration.Duration, SqlError.SqlError>
}>() {}

/** How long messages are kept that were said. */
const lifetime = Config.duration("OUTBOX_KEPT_FOR").pipe(Config.withDefault(Duration.days(30)))

/** So few at a time that nobody waits for the rows. */
const chunk = 5000

const makeArchive = (sql: SqlClient.SqlClient) =>
  Archive.of({
    sayAgain: (last) =>
      Effect.map(
        sql`
          UPDATE outbox SET published_at = NULL
          WHERE published_at > now() - ${Duration.toSeconds(last)} * interval '1 second' RETURNING 1`,
        (rows) => rows.length
      ),
    forget: (age) =>
      Effect.map(
        sql`
          DELETE FROM outbox WHERE seq = ANY (ARRAY(
            SELECT seq FROM (
              SELECT seq, published_at FROM outbox WHERE published_at IS NOT NULL ORDER BY seq LIMIT ${chunk}
            ) AS oldest WHERE published_at < now() - ${Duration.toSeconds(age)} * interval '1 second')) RETURNING 1`,
        (rows) => rows.length
      ),
    oldest: Effect.map(
      sql<{ readonly seconds: number }>`
        SELECT extract(epoch FROM now() - appended_at)::float8 AS seconds FROM outbox
        WHERE published_at IS NULL AND due_at IS NULL ORDER BY seq LIMIT 1`,
      ([row]) => Duration.seconds(row?.seconds ?? 0)
    )
  })

const age = Metric.gauge("outbox_oldest_seconds", {
  description: "How long the oldest message waits that should be on its way"
})

/** A message is said within a second or so; one that waits longer than this is worth a person's look. */
const worrying = Duration.seconds(30)

const watch = Effect.fnUntraced(function*({ oldest }: Archive["Type"], sql: SqlClient.SqlClient) {
  const [schema] = yield* sql<{ readonly name: string }>`SELECT current_schema() AS name`
  const gauge = Metric.tagged(age, "service", schema?.name ?? "")
  const look = Effect.tap(oldest, (waiting) =>
    Effect.zipRight(
      Metric.set(gauge, Duration.toSeconds(waiting)),
      Duration.greaterThan(waiting, worrying)
        ? Effect.logWarning(`A message has waited in the outbox for ${Duration.format(waiting)}.`)
        : Effect.void
    ))
  yield* Effect.zipRight(look, Effect.sleep("10 seconds"))
})

/** Watches what waits, and forgets what was said long ago. */
export const layer = Layer.scoped(
  Archive,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const archive = makeArchive(sql)
    const kept = yield* lifetime
    const forgetAll = Effect.repeat(archive.forget(kept), { while: (count) => count === chunk })
    yield* Worker.forever("Outbox: watching", watch(archive, sql))
    yield* Worker.forever("Outbox: forgetting", Effect.zipRight(forgetAll, Effect.sleep("1 hour")))
    return archive
  })
)
