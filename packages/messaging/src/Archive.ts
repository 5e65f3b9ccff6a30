import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { Config, Context, Duration, Effect, Layer, Metric, Schema } from "effect"
import { encodeSeqs } from "./internal/outboxRows.ts"
import * as Setting from "./Setting.ts"
import { atomically } from "./Transaction.ts"
import * as Worker from "./Worker.ts"

/**
 * What the outbox has said already. It is kept for a while, so that what a broker lost with its disk can be said again:
 * a message keeps its id for ever, and whoever handled it ignores the repetition.
 */
export class Archive extends Context.Tag("@quartet/messaging/Archive")<Archive, {
  /** Says again what was to be said in this last while, timers included; returns how many messages that is. */
  readonly sayAgain: (last: Duration.Duration) => Effect.Effect<number, SqlError.SqlError>
  /** Says again all that was said about these subjects, and all that is to be said later; returns how many messages. */
  readonly sayAgainAbout: (subjects: ReadonlyArray<string>) => Effect.Effect<number, SqlError.SqlError>
  /** Deletes what was said and is older than this, at most 5000 messages at a time; returns how many it were. */
  readonly forget: (age: Duration.Duration) => Effect.Effect<number, SqlError.SqlError>
  /** How long the oldest message has waited that should be on its way; nothing when none does. */
  readonly oldest: Effect.Effect<Duration.Duration, SqlError.SqlError>
}>() {}

/** How long messages are kept that were said. */
export const lifetime = Setting.duration("OUTBOX_KEPT_FOR", {
  longest: Duration.days(3660),
  described: "3660 days, such as \"30 days\""
}).pipe(Config.withDefault(Duration.days(30)))

/** So few at a time that nobody waits for the rows. */
const chunk = 5000

const encodeSubjects = Schema.encodeSync(Schema.parseJson(Schema.Array(Schema.String)))

const makeSayAgain = (sql: SqlClient.SqlClient): Pick<Archive["Type"], "sayAgain" | "sayAgainAbout"> => ({
  sayAgain: (last) =>
    Effect.map(
      sql`
        INSERT INTO outbox_unsent (seq, due_at) SELECT seq, due_at FROM outbox
        WHERE greatest(appended_at, due_at) BETWEEN now() - ${Duration.toSeconds(last)} * interval '1 second' AND now()
        FOR KEY SHARE
        ON CONFLICT DO NOTHING RETURNING 1`,
      (rows) => rows.length
    ),
  // An index on subjects would cost every message: all of them are read instead, once for all subjects.
  sayAgainAbout: (subjects) =>
    Effect.map(
      sql`
        INSERT INTO outbox_unsent (seq, due_at) SELECT seq, due_at FROM outbox
        WHERE subject = ANY (ARRAY(SELECT value FROM json_array_elements_text(${encodeSubjects(subjects)}::json)))
        FOR KEY SHARE
        ON CONFLICT DO NOTHING RETURNING 1`,
      (rows) => rows.length
    )
})

const makeArchive = (sql: SqlClient.SqlClient) =>
  Archive.of({
    ...makeSayAgain(sql),
    // What is said again at this moment is locked until that is done, and then no longer waits without its message. What
    // a subscriber lacks is kept until it has it.
    forget: (age) =>
      Effect.gen(function*() {
        const gone = yield* sql<{ readonly seq: string }>`
          DELETE FROM outbox WHERE seq = ANY (ARRAY(
            SELECT seq FROM (
              SELECT seq, greatest(appended_at, due_at) AS said_at FROM outbox
              WHERE NOT EXISTS (SELECT 1 FROM outbox_unsent WHERE outbox_unsent.seq = outbox.seq)
                AND seq <> ALL (ARRAY(SELECT missing_deliveries.seq FROM missing_deliveries))
              ORDER BY seq LIMIT ${chunk}
            ) AS oldest WHERE said_at < now() - ${Duration.toSeconds(age)} * interval '1 second')) RETURNING seq::text`
        const seqs = encodeSeqs(gone.map(({ seq }) => seq))
        yield* sql`
          DELETE FROM outbox_unsent WHERE seq = ANY (ARRAY(
            SELECT value::bigint FROM json_array_elements_text(${seqs}::json)))`
        return gone.length
      }).pipe(atomically, Effect.provideService(SqlClient.SqlClient, sql)),
    oldest: Effect.map(
      sql<{ readonly seconds: number }>`
        SELECT extract(epoch FROM now() - appended_at)::float8 AS seconds FROM outbox
        WHERE seq = (SELECT seq FROM outbox_unsent WHERE due_at IS NULL ORDER BY seq LIMIT 1)`,
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
