import type { SqlError } from "@effect/sql/SqlError"
import type { Unavailable } from "@quartet/messaging/Request"
import type { Duration, Option, Scope } from "effect"
import { Context, Effect, Layer, Ref, Schema } from "effect"
import type { Reconciling } from "./Reconciling.ts"

/** A message that waits for a person. `reason` may go over many lines; the first says what is wrong. */
export const ParkedMessage = Schema.Struct({
  id: Schema.String,
  consumer: Schema.String,
  messageId: Schema.String,
  type: Schema.String,
  subject: Schema.String,
  envelope: Schema.String,
  encoding: Schema.optional(Schema.Literal("base64")),
  reason: Schema.String,
  attempts: Schema.Int,
  parkedAt: Schema.DateTimeUtc
})
export type ParkedMessage = typeof ParkedMessage.Type

/** How far a read model is made again. */
export const Progress = Schema.Struct({ copied: Schema.Int, isUnderWay: Schema.Boolean })
export type Progress = typeof Progress.Type

/** A read model that can be made again while the service runs. */
export interface Rebuilding {
  /** Empties it, and has it filled again; asked for again it begins anew. */
  readonly begin: Effect.Effect<void, SqlError>
  readonly progress: Effect.Effect<Progress, SqlError>
}

/** What became of an operator's word that a refund was paid back by another way. */
export type Settling =
  | { readonly _tag: "Settled"; readonly orderId: string }
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "NotOwed"; readonly why: string }

/** A failed refund that was paid back by another way: how, and who says so. */
export interface Settlement {
  readonly refundId: string
  readonly because: string
  readonly settledBy: string
}

/** What one service lets operators do with its messages: those that are parked, and those it said. */
export interface Desk {
  /** Oldest first, a bounded number. */
  readonly list: Effect.Effect<ReadonlyArray<ParkedMessage>, SqlError>
  /** How many wait in all. */
  readonly count: Effect.Effect<number, SqlError>
  readonly find: (id: string) => Effect.Effect<Option.Option<ParkedMessage>, SqlError>
  /** Asks for one, or all that wait; returns how many. */
  readonly replay: (id: Option.Option<string>) => Effect.Effect<number, SqlError>
  /** Gives one up for good; returns how many, none if it does not wait. */
  readonly discard: (id: string, because: string) => Effect.Effect<number, SqlError>
  /** Says again what it said in this last while, for a broker that lost it; returns how many messages that is. */
  readonly sayAgain: (last: Duration.Duration) => Effect.Effect<number, SqlError>
  /** Says again all that it said about these subjects; whoever handled it already ignores it. */
  readonly sayAgainAbout: (subjects: ReadonlyArray<string>) => Effect.Effect<number, SqlError>
  /** Where the service has a read model. */
  readonly rebuild?: Rebuilding
  /** Where the service gives money back. Settled again it is settled, and keeps the first reason. */
  readonly settleRefund?: (settlement: Settlement) => Effect.Effect<Settling, SqlError | Unavailable>
  /** Where the service can hold its books against others. */
  readonly reconcile?: Reconciling
}

/** The desks of the services that live in this process, by the service's name. Each takes its own back when it ends. */
export class ParkedMessages extends Context.Tag("@quartet/hosting/ParkedMessages")<ParkedMessages, {
  readonly register: (service: string, desk: Desk) => Effect.Effect<void, never, Scope.Scope>
  readonly desks: Effect.Effect<ReadonlyMap<string, Desk>>
}>() {}

/** Registers where the process keeps desks, and nothing where it does not, as in most tests. */
export const registerIfKept = (service: string, desk: Desk): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(
    Effect.serviceOption(ParkedMessages),
    (kept) => kept._tag === "Some" ? kept.value.register(service, desk) : Effect.void
  )

export const layer: Layer.Layer<ParkedMessages> = Layer.effect(
  ParkedMessages,
  Effect.map(Ref.make<ReadonlyMap<string, Desk>>(new Map()), (desks) => ({
    register: (service: string, desk: Desk) =>
      Effect.acquireRelease(
        Ref.update(desks, (known) => new Map(known).set(service, desk)),
        () => Ref.update(desks, (known) => new Map([...known].filter(([other]) => other !== service)))
      ),
    desks: Ref.get(desks)
  }))
)
