import type { DateTime } from "effect"
import { Schema, SchemaAST } from "effect"
import type { Json } from "./Json.ts"

/**
 * Names one message for ever: a UUID, given when the outbox row is written and never when it is sent. Lower case only, so
 * that one id has one spelling wherever it is compared. Source: RFC 9562, §4.
 */
export const MessageId = Schema.String.pipe(
  Schema.pattern(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { identifier: "MessageId" }),
  Schema.brand("MessageId")
)
export type MessageId = typeof MessageId.Type

/** Text of an envelope: no control character, which neither a log line nor a table should hold, and no half a character. */
const Text = Schema.String.pipe(Schema.pattern(/^[^\p{Cc}\p{Cs}]+$/u, { identifier: "EnvelopeText" }))

/** A moment as RFC 3339 writes it, with any offset. Source: CloudEvents 1.0.2, §2.5 (Timestamp). */
const Time = Schema.String.pipe(Schema.filter(
  (text) =>
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)),
  { identifier: "EnvelopeTime", message: () => "a moment, as 2026-01-31T12:00:00Z is" }
))

/**
 * A message on the wire: CloudEvents 1.0 in structured JSON mode.
 * `subject` is the order id, within which messages keep their order; `causationid` names the message or request that
 * led to this one; `correlationid` is the same for everything that follows from one request.
 *
 * Source: CloudEvents 1.0.2, §3 (context attributes) and the JSON event format.
 */
export const Envelope = Schema.Struct({
  specversion: Schema.Literal("1.0"),
  id: MessageId,
  source: Text,
  type: Text,
  subject: Text,
  time: Time,
  datacontenttype: Schema.Literal("application/json"),
  dataschema: Text,
  correlationid: Text,
  causationid: Text,
  traceparent: Schema.optional(Text),
  data: Schema.Unknown
})
export type Envelope = typeof Envelope.Type

/** The envelope as it travels and rests in the outbox: text, so that every hop carries the same bytes. */
export const EnvelopeJson = Schema.parseJson(Envelope)

/**
 * One message of one version: its name on the wire, who says it, and what it carries.
 * A `timer` message is addressed to its speaker alone, may have a due time and keeps no order with others.
 */
export interface Definition<Type extends string, A, I> {
  readonly type: Type
  readonly speaker: string
  readonly timer: boolean
  readonly schema: Schema.Schema<A, I>
  /** What the message is about, by its data: the envelope's subject is the same. */
  readonly subjectOf: (data: A) => string
  /** What an outbox appends. The data is made by its speaker and trusted: each listener looks at all of it. */
  readonly say: (data: A) => Outgoing
  /** The same, to be said at a due time and not before. */
  readonly later: (data: A, due: DateTime.Utc) => Outgoing
}

/** What a definition carries. */
export type Data<D> = D extends Definition<string, infer A, infer _> ? A : never

/** A definition whose payload is of no interest to the reader: what the catalogue and the topology hold. */
export type AnyDefinition = Pick<Definition<string, unknown, unknown>, "type" | "speaker" | "timer">

/** A message about to be said: its payload encoded, its id and time still to be given by the outbox. */
export interface Outgoing {
  readonly type: string
  readonly speaker: string
  readonly timer: boolean
  readonly subject: string
  readonly data: Json
  readonly due?: DateTime.Utc
}

const make = (timer: boolean) =>
<const Type extends string, A extends Json, I extends Json>(
  type: Type,
  schema: Schema.Schema<A, I>,
  subjectOf: (data: A) => string
): Definition<Type, A, I> => {
  const speaker = type.slice(0, type.indexOf("."))
  // Most payloads are said as they are; to have a schema find that out for each would cost more than all else of saying it.
  const isPlain = SchemaAST.typeAST(schema.ast) === schema.ast
  const encode = isPlain ? (data: A): Json => data : Schema.encodeSync(schema)
  const say = (data: A): Outgoing => ({ type, speaker, timer, subject: subjectOf(data), data: encode(data) })
  return { type, speaker, timer, schema, subjectOf, say, later: (data, due) => ({ ...say(data), due }) }
}

/** Defines a message that other services may hear. The type reads `<speaker>.<fact>.v<major>`. */
export const define = make(false)

/** Defines a message that a service sends to itself, now or at a due time: a deadline, or work to be done outside. */
export const defineTimer = make(true)
