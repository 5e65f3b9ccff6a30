import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { hash } from "node:crypto"

/** A message that a consumer could not handle. `encoding` says how `envelope` stands for bytes that are no text. */
export const Unhandled = Schema.Struct({
  consumer: Schema.String,
  messageId: Schema.String,
  type: Schema.String,
  subject: Schema.String,
  envelope: Schema.String,
  encoding: Schema.optionalWith(Schema.Literal("base64"), { nullable: true }),
  reason: Schema.String,
  attempts: Schema.Int
})
export type Unhandled = typeof Unhandled.Type

/** A parked message, as an operator sees it. */
export const Parked = Schema.Struct({ ...Unhandled.fields, id: Schema.String, parkedAt: Schema.DateTimeUtcFromDate })
export type Parked = typeof Parked.Type

/**
 * `parked_messages`: what cannot be handled waits here, with its reason, for a person. A replay is asked for in the
 * table and done by the consumer itself, so it needs no broker and survives a crash; replaying twice is harmless.
 */
export class Parking extends Context.Tag("@quartet/messaging/Parking")<Parking, {
  /**
   * Parks a message. One that waits already is asked to be replayed no longer, and keeps the newest reason. Another one with
   * the same id waits beside it, under the id and a digest.
   */
  readonly park: (message: Unhandled) => Effect.Effect<void, SqlError.SqlError>
  /** What waits for a person, oldest first, at most 500. */
  readonly list: Effect.Effect<ReadonlyArray<Parked>, SqlError.SqlError>
  /** How many wait for a person in all. */
  readonly count: Effect.Effect<number, SqlError.SqlError>
  /** One that waits, by its id. */
  readonly find: (id: string) => Effect.Effect<Option.Option<Parked>, SqlError.SqlError>
  /** Asks for one, or all that wait; returns how many. */
  readonly replay: (id: Option.Option<string>) => Effect.Effect<number, SqlError.SqlError>
  /** Gives one up for good, saying why; returns how many, none if it does not wait. */
  readonly discard: (id: string, because: string) => Effect.Effect<number, SqlError.SqlError>
  /** Those a replay was asked for. */
  readonly requested: (consumer: string) => Effect.Effect<ReadonlyArray<Parked>, SqlError.SqlError>
  /** The replay was handled. One that was parked again meanwhile, and so has more attempts, goes on waiting. */
  readonly replayed: (replay: Pick<Parked, "id" | "attempts">) => Effect.Effect<void, SqlError.SqlError>
}>() {}

/** PostgreSQL's text holds every character but NUL, and what cannot be stored could not be parked. */
export const storable = (text: string): string => text.replaceAll("\u0000", "\uFFFD")

/** Bytes that PostgreSQL's text cannot hold are kept in base64. */
const kept = ({ encoding, envelope }: Pick<Unhandled, "encoding" | "envelope">) =>
  encoding === undefined && envelope.includes("\u0000")
    ? { encoding: "base64", envelope: Buffer.from(envelope).toString("base64") }
    : { encoding: encoding ?? null, envelope: storable(envelope) }

const columns =
  `parked_id::text AS id, consumer, message_id AS "messageId", type, subject, envelope, encoding, reason, attempts,
  parked_at AS "parkedAt"`
const waiting = "replayed_at IS NULL AND discarded_at IS NULL"

const makeQueries = (sql: SqlClient.SqlClient) => {
  const list = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Parked,
    execute: () =>
      sql`SELECT ${sql.literal(columns)} FROM parked_messages WHERE ${
        sql.literal(waiting)
      } ORDER BY parked_id LIMIT 500`
  })
  const requested = SqlSchema.findAll({
    Request: Schema.String,
    Result: Parked,
    execute: (consumer) =>
      sql`SELECT ${sql.literal(columns)} FROM parked_messages
          WHERE consumer = ${consumer} AND replay_requested_at IS NOT NULL AND ${sql.literal(waiting)}
          ORDER BY parked_id LIMIT 100`
  })
  const find = SqlSchema.findOne({
    Request: Schema.String,
    Result: Parked,
    execute: (id) =>
      sql`SELECT ${sql.literal(columns)} FROM parked_messages
          WHERE parked_id::text = ${id} AND ${sql.literal(waiting)}`
  })
  const count = SqlSchema.single({
    Request: Schema.Void,
    Result: Schema.Struct({ count: Schema.Int }),
    execute: () => sql`SELECT count(*)::integer AS count FROM parked_messages WHERE ${sql.literal(waiting)}`
  })
  return {
    list: list().pipe(Effect.catchTag("ParseError", Effect.die)),
    count: count().pipe(
      Effect.map((row) => row.count),
      Effect.catchTags({ ParseError: Effect.die, NoSuchElementException: Effect.die })
    ),
    find: (id: string) => find(id).pipe(Effect.catchTag("ParseError", Effect.die)),
    requested: (consumer: string) => requested(consumer).pipe(Effect.catchTag("ParseError", Effect.die))
  }
}

const makeChanges = (sql: SqlClient.SqlClient) => ({
  park: (message: Unhandled) => {
    const insert = (messageId: string) =>
      sql`INSERT INTO parked_messages ${
        sql.insert({
          consumer: message.consumer,
          message_id: messageId,
          type: storable(message.type),
          subject: storable(message.subject),
          ...kept(message),
          reason: storable(message.reason),
          attempts: message.attempts
        })
      } ON CONFLICT (consumer, message_id) WHERE ${sql.literal(waiting)} DO UPDATE SET
          reason = excluded.reason, attempts = parked_messages.attempts + 1, replay_requested_at = NULL
        WHERE parked_messages.envelope = excluded.envelope RETURNING 1`
    const id = storable(message.messageId)
    const digest = hash("sha256", message.envelope, "hex").slice(0, 16)
    return Effect.asVoid(
      Effect.flatMap(insert(id), (rows) => rows.length === 0 ? insert(`${id}~${digest}`) : Effect.succeed(rows))
    )
  },
  replay: (id: Option.Option<string>) =>
    sql`UPDATE parked_messages SET replay_requested_at = coalesce(replay_requested_at, now())
        WHERE ${sql.literal(waiting)} AND (${Option.getOrNull(id)}::text IS NULL OR parked_id::text = ${
      Option.getOrNull(id)
    }::text) RETURNING 1`.pipe(Effect.map((rows) => rows.length)),
  discard: (id: string, because: string) =>
    sql`UPDATE parked_messages SET discarded_at = now(), discarded_because = ${because}
        WHERE ${sql.literal(waiting)} AND parked_id::text = ${id} RETURNING 1`.pipe(Effect.map((rows) => rows.length)),
  replayed: ({ attempts, id }: Pick<Parked, "id" | "attempts">) =>
    sql`UPDATE parked_messages SET replayed_at = now()
        WHERE ${sql.literal(waiting)} AND parked_id::text = ${id} AND attempts = ${attempts}`.pipe(Effect.asVoid)
})

export const layer: Layer.Layer<Parking, never, SqlClient.SqlClient> = Layer.effect(
  Parking,
  Effect.map(SqlClient.SqlClient, (sql) => Parking.of({ ...makeQueries(sql), ...makeChanges(sql) }))
)
