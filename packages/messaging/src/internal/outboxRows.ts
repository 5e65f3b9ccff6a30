import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { Effect, Schema } from "effect"
import { MessageId } from "../Message.ts"

/** An outbox row that is to be published. `seq` is a bigint and stays text; a timer keeps no order with others. */
export const OutboxRow = Schema.Struct({
  seq: Schema.String,
  id: MessageId,
  type: Schema.String,
  subject: Schema.String,
  body: Schema.String,
  timer: Schema.Boolean
})
export type OutboxRow = typeof OutboxRow.Type

/** One look for work, by a relay that calls itself `holder`; nothing is found for one that does not hold the lease. */
export interface Look {
  readonly holder: string
  readonly limit: number
  readonly except: ReadonlyArray<string>
}

const Seqs = Schema.parseJson(Schema.Array(Schema.String))
/** Many `seq` as one parameter, so that the statement stays the same. */
export const encodeSeqs = Schema.encodeSync(Seqs)
const Request = Schema.Struct({
  holder: Schema.String,
  limit: Schema.Int,
  except: Schema.String
})

// Rows are found by being unsent, never by being greater than the last: sequence numbers commit out of order. The archive
// is entered by its key alone, as an array: joined, a plan made while it was small would read it whole.
const makeFind = (sql: SqlClient.SqlClient) => {
  const select = SqlSchema.findAll({
    Request,
    Result: OutboxRow,
    execute: ({ except, holder, limit }) =>
      sql`
        WITH held AS (
          SELECT 1 FROM relay_lease WHERE holder = ${holder} AND expires_at > now()
        ), inflight AS (
          SELECT value::bigint AS seq FROM json_array_elements_text(${except}::json)
        ), ready AS (
          SELECT seq FROM outbox_unsent
          WHERE due_at IS NULL AND seq NOT IN (SELECT seq FROM inflight) AND EXISTS (SELECT 1 FROM held)
          ORDER BY seq LIMIT ${limit}
        ), due AS (
          SELECT seq FROM outbox_unsent
          WHERE due_at <= now() AND seq NOT IN (SELECT seq FROM inflight) AND EXISTS (SELECT 1 FROM held)
          ORDER BY due_at LIMIT ${limit}
        )
        SELECT seq::text AS seq, message_id AS id, type, subject, envelope AS body, due_at IS NOT NULL AS timer
        FROM outbox WHERE seq = ANY (ARRAY(
          SELECT seq FROM (SELECT seq FROM ready UNION ALL SELECT seq FROM due) AS found ORDER BY seq LIMIT ${limit}))
        ORDER BY outbox.seq`
  })
  return (look: Look): Effect.Effect<ReadonlyArray<OutboxRow>, SqlError.SqlError> =>
    select({ ...look, except: encodeSeqs(look.except) }).pipe(Effect.catchTag("ParseError", Effect.die))
}

/** What the relay reads and writes: plain statements, each whole. */
export const outboxRows = Effect.map(SqlClient.SqlClient, (sql) => ({
  find: makeFind(sql),
  // Not waited for on disk: a mark that a crash takes away means that the message is said once more, which is harmless,
  // and the disk is free for the commits that somebody waits for.
  mark: (seqs: ReadonlyArray<string>): Effect.Effect<void, SqlError.SqlError> =>
    sql`
      DELETE FROM outbox_unsent
      USING (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
      WHERE seq = ANY (ARRAY(SELECT value::bigint FROM json_array_elements_text(${encodeSeqs(seqs)}::json)))`.pipe(
      Effect.asVoid
    )
}))
