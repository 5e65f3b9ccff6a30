import type { Effect, Exit, Queue, Scope } from "effect"
import { Context, Schema } from "effect"
import type { Duration } from "effect/Duration"
import type { MessageId } from "./Message.ts"

/** A message on its way out: the envelope's text, and what the way needs to know of it. */
export interface Publication {
  readonly id: MessageId
  readonly type: string
  readonly subject: string
  readonly body: string
}

/** What a consumer wants done with a delivery. `Acknowledge` comes after the commit; `Retry` brings it again later. */
export type Disposition =
  | { readonly _tag: "Acknowledge" }
  | { readonly _tag: "Retry"; readonly after: Duration }

/** A message handed to one consumer. `attempt` counts from 1. A delivery that is never settled comes again. */
export interface Delivery {
  readonly body: string
  /** How `body` stands for what arrived, where that is no text. */
  readonly encoding?: "base64"
  readonly attempt: number
  /** Why the broker gave it up. Such a message is parked and not handled: it may be what brought the process down. */
  readonly dead?: string
  readonly settle: (disposition: Disposition) => Effect.Effect<void>
}

/** Which consumer hears which messages: the topology that every broker makes real before anything is published. */
export interface Subscription {
  readonly consumer: string
  readonly types: ReadonlyArray<string>
}

/** Not every subscriber is known to hold the message, though some may: it must be published again. */
export class Unpublished extends Schema.TaggedError<Unpublished>()("Unpublished", { reason: Schema.String }) {}

/** Is told, once, what became of a publication, and never before the call that handed it over has returned. */
export type Told = (outcome: Exit.Exit<void, Unpublished>) => void

/** What one service sends to one consumer beside the messages that it subscribes to. */
export interface Direct {
  /**
   * Sends to the queue of one consumer alone, and succeeds once that queue holds it. What is a notice by its type is
   * given out as one at the other end; anything else arrives as any delivery does.
   */
  readonly send: (consumer: string, publication: Publication) => Effect.Effect<void, Unpublished>
  /** The notices that arrived for the consumers of this process; the oldest are dropped where too many wait. */
  readonly notices: Queue.Dequeue<Notice>
}

/** A letter about messages: `sender` is the service that the broker let send it. */
export interface Notice {
  readonly sender: string
  readonly consumer: string
  readonly type: string
  readonly body: string
}

/** The last words of the types that are notices. A process that knows none of them ignores them. */
export const noticeTypes = { manifest: "manifest.v1", receipt: "receipt.v1" } as const

/** The seam between the services and what carries their messages. */
export class Broker extends Context.Tag("@quartet/messaging/Broker")<Broker, {
  /** Succeeds once every subscriber of the type holds the message safely. May deliver twice and never zero times. */
  readonly publish: (publication: Publication) => Effect.Effect<void, Unpublished>
  /**
   * The same without an effect of its own. This is the way of the relay: a fiber for each message would cost it a fifth of
   * what it can say in a second.
   */
  readonly unsafePublish: (publication: Publication, told: Told) => void
  /** What arrives for a consumer, a bounded number at a time. What the scope leaves unsettled is delivered again. */
  readonly deliveries: (consumer: string) => Effect.Effect<Queue.Dequeue<Delivery>, never, Scope.Scope>
  /** Where the broker may lose what it confirmed, the way to one consumer; none where that cannot happen. */
  readonly direct?: Direct
  /** Whether messages can be published now, and every consumer that asked for its deliveries is being given them. */
  readonly ready: Effect.Effect<boolean>
}>() {}
