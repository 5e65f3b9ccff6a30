import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import type { DateTime } from "effect"
import { Context, Effect, Layer, Schema } from "effect"
import { isOpen } from "./internal/session.ts"
import { textOf } from "./Json.ts"
import { MessageId } from "./Message.ts"
import type { Transaction } from "./Transaction.ts"
import type { Write } from "./Write.ts"
import { write } from "./Write.ts"

/** What names a received message to the inbox; `digest` is of its body, in hexadecimal. */
export const Received = Schema.Struct({
  messageId: MessageId,
  type: Schema.String,
  subject: Schema.String,
  digest: Schema.String
})
export type Received = typeof Received.Type

/** Which of the messages were never handled before, which have the id of another one, and the time of the transaction. */
export interface Claim {
  readonly fresh: ReadonlySet<MessageId>
  readonly reused: ReadonlySet<MessageId>
  readonly now: DateTime.Utc
}

/** A message that changed nothing, and why. */
export type IgnoredMessage = {
  readonly messageId: MessageId
  readonly reason: string
}

/**
 * `processed_messages`: each consumer handles each message once. The claim is written in the transaction that does the
 * work, so both are kept or neither.
 */
export class Inbox extends Context.Tag("@quartet/messaging/Inbox")<Inbox, {
  /**
   * Claims many messages of different ids in one statement. A message being handled by another transaction is waited for.
   * Asked with no messages, it only tells the time.
   */
  readonly claim: (
    consumer: string,
    messages: ReadonlyArray<Received>
  ) => Effect.Effect<Claim, SqlError.SqlError, Transaction>
  /** Notes which of the claimed messages changed nothing. */
  readonly ignored: (consumer: string, messages: ReadonlyArray<IgnoredMessage>) => Write
  /** Gives claims back: these messages were set aside and will come again. */
  readonly unclaim: (consumer: string, messages: ReadonlyArray<MessageId>) => Write
}>() {}

const ClaimRequest = Schema.Struct({ consumer: Schema.String, messages: Schema.Array(Received) })
const ClaimRow = Schema.Struct({
  now: Schema.DateTimeUtcFromDate,
  fresh: Schema.Array(MessageId),
  reused: Schema.Array(MessageId)
})

// A row that has another digest is found by the conflict itself, also when it was committed after this statement began: it
// is "updated" to what it is, so that it is returned. Rows of before have no digest, and count as the same message.
const makeClaim = (sql: SqlClient.SqlClient) => {
  const claimRow = SqlSchema.single({
    Request: Schema.typeSchema(ClaimRequest),
    Result: ClaimRow,
    execute: ({ consumer, messages }) =>
      sql`
        WITH received AS (
          SELECT "messageId", type, subject, decode(digest, 'hex') AS digest FROM json_to_recordset(${
        textOf(messages)
      }::json) AS r ("messageId" uuid, type text, subject text, digest text)
        ), claimed AS (
          INSERT INTO processed_messages AS p (consumer, message_id, type, subject, digest)
          SELECT ${consumer}, "messageId", type, subject, digest FROM received
          WHERE ${sql.literal(isOpen)}
          ORDER BY "messageId"
          ON CONFLICT (consumer, message_id) DO UPDATE SET digest = p.digest WHERE p.digest <> excluded.digest
          RETURNING message_id, digest
        ), told AS (
          SELECT message_id, claimed.digest = received.digest AS fresh
          FROM claimed JOIN received ON message_id = "messageId"
        )
        SELECT now() AS now, coalesce((SELECT json_agg(message_id) FROM told WHERE fresh), '[]') AS fresh,
          coalesce((SELECT json_agg(message_id) FROM told WHERE NOT fresh), '[]') AS reused`
  })
  return Effect.fnUntraced(function*(consumer: string, messages: ReadonlyArray<Received>) {
    const row = yield* claimRow({ consumer, messages }).pipe(
      Effect.catchTags({ ParseError: Effect.die, NoSuchElementException: Effect.die })
    )
    return { fresh: new Set(row.fresh), reused: new Set(row.reused), now: row.now }
  })
}

export const layer: Layer.Layer<Inbox, never, SqlClient.SqlClient> = Layer.effect(
  Inbox,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const ignored = (consumer: string, messages: ReadonlyArray<IgnoredMessage>) =>
      write(sql`
        WITH ignored AS (
          SELECT * FROM json_to_recordset(${textOf(messages)}::json) AS r ("messageId" uuid, reason text)
        )
        UPDATE processed_messages AS p SET outcome = 'ignored', reason = i.reason
        FROM ignored AS i
        WHERE p.consumer = ${consumer} AND p.message_id = i."messageId"
          AND p.message_id = ANY (ARRAY(SELECT "messageId" FROM ignored))`)
    const unclaim = (consumer: string, messages: ReadonlyArray<MessageId>) =>
      write(sql`
        DELETE FROM processed_messages WHERE consumer = ${consumer} AND message_id = ANY (ARRAY(
          SELECT value::uuid FROM json_array_elements_text(${textOf(messages)}::json)))`)
    return Inbox.of({ claim: makeClaim(sql), ignored, unclaim })
  })
)
