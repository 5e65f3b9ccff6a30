import { Schema } from "effect"
import { textOf } from "../Json.ts"
import { MessageId } from "../Message.ts"
import { rowsAs } from "../transaction/Rows.ts"
import type { Statement } from "../transaction/Statement.ts"
import { statement } from "../transaction/Statement.ts"

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

/** One query for work, by a relay that calls itself `holder`; nothing is found for one that does not hold the lease. */
export interface Query {
  readonly holder: string
  readonly limit: number
  readonly except: ReadonlyArray<string>
}

/** Many `seq` as one parameter, so that the statement stays the same. */
export const encodeSeqs = (seqs: ReadonlyArray<string>): string => textOf(seqs)

/**
 * The rows that are to be published now. Rows are found by being unsent, never by being greater than the last: sequence
 * numbers commit out of order. The archive is entered by its key alone, as an array: joined, a plan made while it was
 * small would read it whole.
 */
export const find = ({ except, holder, limit }: Query): Statement =>
  statement`
    WITH held AS (
      SELECT 1 FROM relay_lease WHERE holder = ${holder} AND expires_at > now()
    ), inflight AS (
      SELECT value::bigint AS seq FROM json_array_elements_text(${encodeSeqs(except)}::json)
    ), ready AS (
      SELECT seq FROM outbox_unsent
      WHERE due_at IS NULL AND seq NOT IN (SELECT seq FROM inflight) AND EXISTS (SELECT 1 FROM held)
      ORDER BY seq LIMIT ${limit}::integer
    ), due AS (
      SELECT seq FROM outbox_unsent
      WHERE due_at <= now() AND seq NOT IN (SELECT seq FROM inflight) AND EXISTS (SELECT 1 FROM held)
      ORDER BY due_at LIMIT ${limit}::integer
    )
    SELECT seq::text AS seq, message_id AS id, type, subject, envelope AS body, due_at IS NOT NULL AS timer
    FROM outbox WHERE seq = ANY (ARRAY(
      SELECT seq FROM (SELECT seq FROM ready UNION ALL SELECT seq FROM due) AS found ORDER BY seq
      LIMIT ${limit}::integer))
    ORDER BY outbox.seq`

export const found = rowsAs(OutboxRow)

/**
 * Marks rows as published. Not waited for on disk: a mark that a crash takes away means that the message is published once
 * more, which is harmless, and the disk is free for the commits that somebody waits for.
 */
export const mark = (seqs: ReadonlyArray<string>): Statement =>
  statement`
    DELETE FROM outbox_unsent
    USING (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
    WHERE seq = ANY (ARRAY(SELECT value::bigint FROM json_array_elements_text(${encodeSeqs(seqs)}::json)))`
