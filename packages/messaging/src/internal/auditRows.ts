import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import type { Fragment } from "@effect/sql/Statement"
import { Duration, Effect, Schema } from "effect"
import { textOf } from "../Json.ts"
import { MessageId } from "../Message.ts"

/** The most messages of each kind in one manifest: some 40 kB, answered by a thousand lookups of a key. */
export const chunk = 1000

/** The most missing messages that one manifest asks for again: they are all asked for once in each round. */
const missingChunk = 10 * chunk

/** More than a manifest ever holds: timers of one moment are not parted. */
export const manifestLimit = 2 * missingChunk

/** How long the pause before an unanswered manifest, or an unanswered redelivery, is repeated may become, as doublings. */
const doublings = 6

/** A position in the outbox up to which everything is committed: a sequence number, and a time in seconds. */
export interface Position {
  readonly seq: string
  readonly at: number
}

/** A position that is committed once every transaction that is open has ended. */
const Mark = Schema.Struct({
  seq: Schema.String,
  at: Schema.Number,
  /** When the oldest transaction that is open began. */
  oldest: Schema.NullOr(Schema.Number)
})
export type Mark = typeof Mark.Type

/** A subscriber, and the types that it hears of this service. */
export interface Subscriber {
  readonly consumer: string
  readonly types: ReadonlyArray<string>
}

const Manifest = Schema.Struct({
  number: Schema.Int,
  ids: Schema.Array(MessageId),
  /** Whether more was published than one manifest holds. */
  more: Schema.Boolean
})

const Redelivery = Schema.Struct({
  consumer: Schema.String,
  seq: Schema.String,
  id: MessageId,
  type: Schema.String,
  subject: Schema.String,
  body: Schema.String,
  isFirst: Schema.Boolean
})
export type Redelivery = typeof Redelivery.Type

const Standing = Schema.Struct({
  consumer: Schema.String,
  missing: Schema.Int,
  /** How long its oldest manifest has waited for an answer, in seconds. */
  unanswered: Schema.Number
})

const makePositions = (sql: SqlClient.SqlClient) => {
  // The sequence is read before the clock, and a transaction draws its numbers after it began.
  const mark = SqlSchema.single({
    Request: Schema.Void,
    Result: Mark,
    execute: () =>
      sql`
        SELECT (last_value - (NOT is_called)::integer)::text AS seq, extract(epoch FROM clock_timestamp())::float8 AS at, (
          SELECT extract(epoch FROM min(xact_start))::float8 FROM pg_stat_activity
          WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()) AS oldest
        FROM outbox_seq_seq`
  })
  return {
    mark: mark(undefined),
    // A subscriber that a later release adds begins with what is published from then on.
    enroll: (consumers: ReadonlyArray<string>) =>
      sql`
        INSERT INTO delivery_audits (consumer, through_seq, through_due)
        SELECT c.consumer,
          CASE WHEN known.any_yet THEN (SELECT coalesce(max(seq), 0) FROM outbox) ELSE start.through_seq END,
          CASE WHEN known.any_yet THEN now() ELSE start.through_due END
        FROM json_array_elements_text(${textOf(consumers)}::json) AS c (consumer), delivery_audits AS start,
          (SELECT EXISTS (SELECT 1 FROM delivery_audits WHERE consumer <> '') AS any_yet) AS known
        WHERE start.consumer = ''
        ON CONFLICT DO NOTHING`
  }
}

/**
 * What the relay has still to publish is not to be found at any subscriber, so a window ends before it. A message that the
 * relay could not publish for this long no longer holds up the others, and counts as missing.
 */
const stuckAfter = "2 minutes"

const target = (sql: SqlClient.SqlClient, { at, seq }: Position) =>
  sql`
    SELECT
      least(${seq}::bigint, (
        SELECT seq - 1 FROM outbox_unsent AS u JOIN outbox AS o USING (seq)
        WHERE u.due_at IS NULL AND o.appended_at > now() - ${sql.literal(`interval '${stuckAfter}'`)}
        ORDER BY seq LIMIT 1)) AS seq,
      least(to_timestamp(${at}::float8), (
        SELECT due_at - interval '1 microsecond' FROM outbox_unsent
        WHERE due_at <= to_timestamp(${at}::float8) AND due_at > now() - ${sql.literal(`interval '${stuckAfter}'`)}
        ORDER BY due_at LIMIT 1)) AS due`

const makeOpen = (sql: SqlClient.SqlClient, held: Fragment) =>
  SqlSchema.findAll({
    Request: Schema.Struct({
      seq: Schema.String,
      at: Schema.Number,
      consumer: Schema.String,
      types: Schema.String,
      seconds: Schema.Number
    }),
    Result: Manifest,
    execute: ({ consumer, seconds, types, ...reached }) =>
      sql`
        WITH target AS (${target(sql, reached)}), position AS (
          SELECT through_seq, through_due, manifest + 1 AS number FROM delivery_audits
          WHERE consumer = ${consumer} AND EXISTS (${held}) AND (unanswered = 0
            OR sent_at < now() - 0.9 * ${seconds} * 2 ^ least(unanswered - 1, ${doublings}) * interval '1 second')
          FOR UPDATE
        ), ordinary AS (
          SELECT seq, message_id FROM outbox
          WHERE seq > (SELECT through_seq FROM position) AND seq <= (SELECT seq FROM target) AND due_at IS NULL
            AND type = ANY (ARRAY(SELECT value FROM json_array_elements_text(${types}::json)))
          ORDER BY seq LIMIT ${chunk}
        ), timers AS (
          SELECT greatest(appended_at, due_at) AS published_at, message_id FROM outbox
          WHERE due_at IS NOT NULL AND greatest(appended_at, due_at) > (SELECT through_due FROM position)
            AND greatest(appended_at, due_at) <= (SELECT due FROM target)
            AND type = ANY (ARRAY(SELECT value FROM json_array_elements_text(${types}::json)))
          ORDER BY greatest(appended_at, due_at) FETCH FIRST ${chunk} ROWS WITH TIES
        ), missing AS (
          UPDATE missing_deliveries SET manifest = (SELECT number FROM position)
          WHERE consumer = ${consumer} AND EXISTS (SELECT 1 FROM position) AND seq = ANY (ARRAY(
            SELECT seq FROM missing_deliveries WHERE consumer = ${consumer} ORDER BY manifest, seq LIMIT ${missingChunk}))
          RETURNING seq
        ), ids AS (
          SELECT message_id FROM ordinary UNION SELECT message_id FROM timers
          UNION SELECT message_id FROM outbox WHERE seq = ANY (ARRAY(SELECT seq FROM missing))
        ), reach AS (
          SELECT
            (SELECT count(*) FROM ids) AS ids,
            (SELECT count(*) FROM ordinary) >= ${chunk} AS full_seq,
            (SELECT count(*) FROM timers) >= ${chunk} AS full_due
        ), ends AS (
          SELECT ids, full_seq OR full_due AS more,
            greatest((SELECT through_seq FROM position),
              CASE WHEN full_seq THEN (SELECT max(seq) FROM ordinary) ELSE (SELECT seq FROM target) END) AS seq,
            greatest((SELECT through_due FROM position),
              CASE WHEN full_due THEN (SELECT max(published_at) FROM timers) ELSE (SELECT due FROM target) END) AS due
          FROM reach
        ), moved AS (
          UPDATE delivery_audits AS a SET
            manifest = position.number, manifest_seq = ends.seq, manifest_due = ends.due, sent_at = now(),
            through_seq = CASE WHEN ends.ids = 0 THEN ends.seq ELSE a.through_seq END,
            through_due = CASE WHEN ends.ids = 0 THEN ends.due ELSE a.through_due END,
            unanswered = CASE WHEN ends.ids = 0 THEN 0 ELSE a.unanswered + 1 END,
            unanswered_since = CASE WHEN ends.ids = 0 THEN NULL ELSE coalesce(a.unanswered_since, now()) END
          FROM ends, position WHERE a.consumer = ${consumer} RETURNING a.manifest
        )
        SELECT moved.manifest AS number, ends.more,
          coalesce((SELECT json_agg(message_id) FROM ids), '[]') AS ids FROM moved, ends`
  })

const makeManifests = (sql: SqlClient.SqlClient, holder: string) => {
  const held = sql`SELECT 1 FROM relay_lease WHERE holder = ${holder} AND expires_at > now()`
  const unconfirmed = SqlSchema.findAll({
    Request: Schema.Struct({ seq: Schema.String, at: Schema.Number }),
    Result: Schema.Struct({ consumer: Schema.String }),
    execute: (reached) =>
      sql`
        WITH target AS (${target(sql, reached)})
        SELECT consumer FROM delivery_audits AS a, target WHERE consumer <> '' AND EXISTS (${held}) AND (
          a.through_seq < target.seq
          OR EXISTS (SELECT 1 FROM missing_deliveries AS m WHERE m.consumer = a.consumer)
          OR EXISTS (
            SELECT 1 FROM outbox WHERE due_at IS NOT NULL
              AND greatest(appended_at, due_at) > a.through_due AND greatest(appended_at, due_at) <= target.due))`
  })
  const open = makeOpen(sql, held)
  return {
    /** The subscribers that have not confirmed all that was published; none for a relay without the lease. */
    unconfirmed: (reached: Position) =>
      Effect.map(unconfirmed(reached), (rows) => rows.map(({ consumer }) => consumer)),
    /** What a subscriber should have; nothing while an earlier manifest waits for its answer. */
    open: ({ consumer, types }: Subscriber, reached: Position, every: Duration.Duration) =>
      Effect.map(
        open({ ...reached, consumer, types: textOf(types), seconds: Duration.toSeconds(every) }),
        ([manifest]) => manifest
      ),
    /** The queue of the subscriber did not take the manifest, so the next round makes another one. */
    unsent: ({ consumer }: Subscriber, number: number) =>
      sql`
        UPDATE delivery_audits SET unanswered = 1, sent_at = '-infinity'
        WHERE consumer = ${consumer} AND manifest = ${number}`
  }
}

const makeReceipts = (sql: SqlClient.SqlClient) => ({
  /** Takes a subscriber's answer to the newest manifest; an answer to any other changes nothing. */
  answered: (
    { consumer, types }: Subscriber,
    number: number,
    missing: ReadonlyArray<MessageId>
  ): Effect.Effect<boolean, SqlError.SqlError> =>
    Effect.map(
      sql`
        WITH answered AS (
          UPDATE delivery_audits SET
            through_seq = manifest_seq, through_due = manifest_due, unanswered = 0, unanswered_since = NULL
          WHERE consumer = ${consumer} AND manifest = ${number} AND unanswered > 0 RETURNING manifest
        ), lacking AS (
          SELECT seq FROM outbox WHERE EXISTS (SELECT 1 FROM answered)
            AND message_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${textOf(missing)}::json)))
            AND type = ANY (ARRAY(SELECT value FROM json_array_elements_text(${textOf(types)}::json)))
        ), noted AS (
          INSERT INTO missing_deliveries (consumer, seq, manifest)
          SELECT ${consumer}, seq, ${number} FROM lacking ORDER BY seq
          ON CONFLICT (consumer, seq) DO UPDATE SET reports = missing_deliveries.reports + 1
        ), arrived AS (
          DELETE FROM missing_deliveries WHERE consumer = ${consumer} AND manifest = ${number}
            AND EXISTS (SELECT 1 FROM answered) AND seq <> ALL (ARRAY(SELECT seq FROM lacking))
        )
        SELECT 1 FROM answered`,
      (rows) => rows.length > 0
    ),
  /** Which of these messages a consumer has neither handled nor parked. */
  lacking: (
    { as, consumer, ids }: { readonly consumer: string; readonly as: string; readonly ids: ReadonlyArray<MessageId> }
  ) =>
    sql<{ readonly id: string }>`
      SELECT id FROM json_array_elements_text(${textOf(ids)}::json) AS asked (id)
      WHERE NOT EXISTS (
          SELECT 1 FROM processed_messages AS p WHERE p.consumer = ${as} AND p.message_id = asked.id::uuid)
        AND NOT EXISTS (
          SELECT 1 FROM parked_messages AS k WHERE k.consumer = ${consumer} AND k.message_id = asked.id)`.pipe(
      Effect.map((rows) => rows.map(({ id }) => MessageId.make(id, true)))
    )
})

const makeRedeliveries = (sql: SqlClient.SqlClient, holder: string) => {
  const overdue = SqlSchema.findAll({
    Request: Schema.Number,
    Result: Redelivery,
    execute: (seconds) =>
      sql`
        WITH due AS (
          SELECT consumer, seq, republished FROM missing_deliveries AS m
          WHERE NOT EXISTS (SELECT 1 FROM outbox_unsent AS u WHERE u.seq = m.seq AND coalesce(u.due_at, now()) <= now())
            AND reports > 1 AND reported_at < now() - ${seconds} * interval '1 second'
            AND (republished_at IS NULL
              OR republished_at < now() - ${seconds} * 2 ^ least(republished, ${doublings}) * interval '1 second')
            AND EXISTS (SELECT 1 FROM relay_lease WHERE holder = ${holder} AND expires_at > now())
          ORDER BY republished, seq LIMIT ${chunk}
        )
        SELECT due.consumer, outbox.seq::text AS seq, message_id AS id, type, subject, envelope AS body,
          due.republished = 0 AS "isFirst"
        FROM due JOIN outbox USING (seq)
        WHERE outbox.seq = ANY (ARRAY(SELECT seq FROM due)) ORDER BY outbox.seq`
  })
  return {
    overdue: (grace: Duration.Duration) => overdue(Duration.toSeconds(grace)),
    republished: (sent: ReadonlyArray<Redelivery>) =>
      sql`
        UPDATE missing_deliveries AS m SET republished = m.republished + 1, republished_at = now()
        FROM json_to_recordset(${textOf(sent.map(({ consumer, seq }) => ({ consumer, seq })))}::json)
          AS r (consumer text, seq bigint)
        WHERE m.consumer = r.consumer AND m.seq = r.seq`
  }
}

const makeStanding = (sql: SqlClient.SqlClient) => {
  const standing = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Standing,
    execute: () =>
      sql`
        SELECT consumer, coalesce(extract(epoch FROM now() - unanswered_since), 0)::float8 AS unanswered,
          (SELECT count(*) FROM missing_deliveries AS m WHERE m.consumer = a.consumer)::integer AS missing
        FROM delivery_audits AS a WHERE consumer <> ''`
  })
  return {
    standing: standing(undefined),
    /** Whether none of these subscribers is known to lack a message that it had the time to handle. */
    isComplete: (consumers: ReadonlyArray<string>, grace: Duration.Duration) =>
      Effect.map(
        sql`
          SELECT 1 FROM missing_deliveries WHERE reports > 1
            AND reported_at < now() - ${Duration.toSeconds(grace)} * interval '1 second'
            AND consumer = ANY (ARRAY(SELECT value FROM json_array_elements_text(${textOf(consumers)}::json)))
          LIMIT 1`,
        (rows) => rows.length === 0
      )
  }
}

/** What the audit of deliveries reads and writes, each in one statement; `holder` is the relay's name. */
export const auditRows = (holder: string) =>
  Effect.map(SqlClient.SqlClient, (sql) => ({
    ...makePositions(sql),
    ...makeManifests(sql, holder),
    ...makeReceipts(sql),
    ...makeRedeliveries(sql, holder),
    ...makeStanding(sql)
  }))
