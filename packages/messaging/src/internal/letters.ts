import { Cause, Duration, Effect, Either, Schema } from "effect"
import { createHash, hash } from "node:crypto"
import type { Delivery } from "../Broker.ts"
import type { Handler, Unreadable } from "../Handler.ts"
import type { Envelope } from "../Message.ts"
import { storable } from "../Parking.ts"
import * as Retry from "../Retry.ts"
import type { Submission } from "../Submission.ts"
import { readEnvelope } from "./envelopes.ts"

/** A delivery that was opened: what it says, and who turns it into a command. */
export interface Opened<Command> extends Label {
  readonly envelope: Envelope
  readonly handler: Handler<Command>
}

/** A delivery that was understood: the command in it, and what parking it would have to know. */
export interface Letter<Command> extends Label {
  readonly submission: Submission<Command, unknown>
}

/** What is known of a delivery, whether it could be read or not. */
export interface Label {
  readonly delivery: Delivery
  readonly messageId: string
  readonly type: string
  readonly subject: string
}

/** A delivery without a command: parked for the reason, or none of this consumer's business. */
export interface Unopened extends Label {
  readonly reason: string | undefined
}

/** What names a message that has no readable id: equal bytes are the same message, parked or not. */
const nameOf = (body: string): string => createHash("sha256").update(storable(body)).digest("hex")

/**
 * Eight bytes of a body's SHA-256, in hexadecimal: they are kept beside the id, so that another message under the same id
 * is known for what it is. Chance confuses two bodies of one id once in 2^64.
 */
export const digestOf = (body: string): string => hash("sha256", body, "hex").slice(0, 16)

/** Reads the envelope and finds the handler of its type. */
export const openLetter = <Command>(
  handlers: ReadonlyMap<string, Handler<Command>>,
  delivery: Delivery
): Either.Either<Opened<Command>, Unopened> => {
  const read = readEnvelope(delivery)
  if (Either.isLeft(read)) {
    return Either.left({ delivery, messageId: nameOf(delivery.body), type: "", subject: "", reason: read.left })
  }
  const envelope = read.right
  const label = { delivery, messageId: envelope.id, type: envelope.type, subject: envelope.subject }
  if (envelope.source !== sourceOf(envelope.type)) {
    return Either.left({ ...label, reason: `${envelope.type} is not for ${envelope.source} to say.` })
  }
  if (delivery.dead !== undefined) return Either.left({ ...label, reason: delivery.dead })
  const handler = handlers.get(envelope.type)
  if (handler !== undefined) return Either.right({ ...label, envelope, handler })
  const reason = isOtherVersion(handlers, envelope.type)
    ? `${envelope.type}: this version is not known here.`
    : undefined
  return Either.left({ ...label, reason })
}

/** A message's type begins with the one service that may say it. */
const sourceOf = (type: string): string => `/quartet/${type.slice(0, Math.max(0, type.indexOf(".")))}`

/** Somebody outside has not answered for so long that the delivery is better tried again. */
class TooSlow extends Schema.TaggedError<TooSlow>()("TooSlow", { type: Schema.String }) {
  override get message() {
    return `${this.type}: nobody outside answered within ${Duration.format(Retry.outsideLimit)}.`
  }
}

const limited = <A, E>(asksOutside: boolean, type: string, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  asksOutside
    ? Effect.timeoutFailCause(work, {
      duration: Retry.outsideLimit,
      onTimeout: () => Cause.die(new TooSlow({ type }))
    })
    : work

/** Translates what was opened, and does the work that its handler performs outside. */
export const understand = <Command>(
  { delivery, envelope, handler, messageId, subject, type }: Opened<Command>
): Effect.Effect<Letter<Command>, Unreadable> =>
  Effect.map(limited(handler.asksOutside, type, Effect.suspend(() => handler.translate(envelope))), (command) => ({
    delivery,
    messageId,
    type,
    subject,
    submission: {
      command,
      by: envelope.source.slice(envelope.source.lastIndexOf("/") + 1),
      origin: { _tag: "Message", received: { messageId: envelope.id, type, subject, digest: digestOf(delivery.body) } },
      lineage: {
        causationId: envelope.id,
        correlationId: envelope.correlationid,
        ...(envelope.traceparent === undefined ? {} : { traceparent: envelope.traceparent })
      }
    }
  }))

/** `order.placed.v2` where `order.placed.v1` is heard: it must wait for the upgrade instead of being skipped. */
const isOtherVersion = (handlers: ReadonlyMap<string, unknown>, type: string): boolean => {
  const fact = (name: string) => name.slice(0, name.lastIndexOf(".v"))
  return [...handlers.keys()].some((known) => known !== type && fact(known) === fact(type))
}
