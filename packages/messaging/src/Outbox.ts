import { SqlClient } from "@effect/sql"
import { Context, DateTime, Effect, Layer, Queue } from "effect"
import type { Json } from "./Json.ts"
import { textOf } from "./Json.ts"
import type { Outgoing } from "./Message.ts"
import type { Envelope } from "./Message.ts"
import { MessageId } from "./Message.ts"
import * as Uuid from "./Uuid.ts"
import type { Write } from "./Write.ts"
import { write } from "./Write.ts"

/** Where a message comes from: what led to it, and the request that everything began with. */
export interface Lineage {
  readonly causationId: string
  readonly correlationId: string
  readonly traceparent?: string
}

/** One message to be said because of something. */
export interface Entry {
  readonly message: Outgoing
  readonly lineage: Lineage
}

/**
 * Keeps what must be said in the transaction that made it true. A timer is a message with a due time: deadlines and
 * retries survive a crash as everything else does.
 */
export class Outbox extends Context.Tag("@quartet/messaging/Outbox")<Outbox, {
  /** Appends the messages in their order, in one statement; `now` is the transaction's time. */
  readonly append: (entries: ReadonlyArray<Entry>, now: DateTime.Utc) => Write
  /** Tells the relay that a commit may have left something to say. A hint: the relay also polls. */
  readonly wake: Effect.Effect<void>
  /** Holds one element whenever `wake` was called since the last take. */
  readonly woken: Queue.Dequeue<void>
}>() {}

/** A message as it rests in the outbox and travels: its envelope, in JSON. */
export const written = ({ lineage, message }: Entry, id: MessageId, now: DateTime.Utc): string => {
  const envelope: Envelope & { readonly data: Json } = {
    specversion: "1.0",
    id,
    source: `/quartet/${message.speaker}`,
    type: message.type,
    subject: message.subject,
    time: DateTime.formatIso(now),
    datacontenttype: "application/json",
    dataschema: `urn:quartet:message:${message.type}`,
    correlationid: lineage.correlationId,
    causationid: lineage.causationId,
    ...(lineage.traceparent === undefined ? {} : { traceparent: lineage.traceparent }),
    data: message.data
  }
  return textOf(envelope)
}

const toRow = (entry: Entry, now: DateTime.Utc) => {
  const { message } = entry
  const id = MessageId.make(Uuid.fresh(), true)
  return {
    message_id: id,
    type: message.type,
    subject: message.subject,
    due_at: message.due ?? (message.timer ? now : null),
    envelope: written(entry, id, now)
  }
}

export const layer: Layer.Layer<Outbox, never, SqlClient.SqlClient> = Layer.effect(
  Outbox,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const woken = yield* Queue.sliding<void>(1)
    const append = (entries: ReadonlyArray<Entry>, now: DateTime.Utc) => {
      const rows = textOf(entries.map((entry) => toRow(entry, now)))
      return write(sql`
        WITH appended AS (
          INSERT INTO outbox (message_id, type, subject, envelope, due_at)
          SELECT message_id, type, subject, envelope, due_at
          FROM ROWS FROM (json_to_recordset(${rows}::json)
            AS (message_id uuid, type text, subject text, envelope text, due_at timestamptz)) WITH ORDINALITY
            AS r (message_id, type, subject, envelope, due_at, position)
          ORDER BY position RETURNING seq, due_at
        )
        INSERT INTO outbox_unsent (seq, due_at) SELECT seq, due_at FROM appended`)
    }
    return Outbox.of({ append, wake: Effect.asVoid(Queue.offer(woken, undefined)), woken })
  })
)
