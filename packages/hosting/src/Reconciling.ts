import type { SqlError } from "@effect/sql/SqlError"
import type { Duration, Effect, Option } from "effect"
import { Schema } from "effect"

/**
 * What becomes of a mismatch. `repair`: the service puts it right. `return`: it is money that belongs to no payment here, and
 * goes back once somebody says so who knows of the order. `person`: nobody but a person can tell what is right.
 */
export const Remedy = Schema.Literal("repair", "return", "person")
export type Remedy = typeof Remedy.Type

/** A charge at the provider, as far as others must know of it to say whose it is. */
export const Taken = Schema.Struct({ intentId: Schema.String, madeAt: Schema.DateTimeUtc })
export type Taken = typeof Taken.Type

/**
 * Two books that tell one thing differently. The `id` stays the same from look to look; `does` is what the repair does, or
 * what a person should do.
 */
export const Mismatch = Schema.Struct({
  id: Schema.String,
  orderId: Schema.NullOr(Schema.String),
  says: Schema.String,
  remedy: Remedy,
  does: Schema.String,
  taken: Schema.optional(Taken)
})
export type Mismatch = typeof Mismatch.Type

/** What differs now; `unread` is why not everything could be compared. */
export const Look = Schema.Struct({
  mismatches: Schema.Array(Mismatch),
  unread: Schema.NullOr(Schema.String)
})
export type Look = typeof Look.Type

/** Which of the wished-for repairs were made, by the ids of their mismatches. What had gone by itself is not among them. */
export const Repairs = Schema.Struct({ repaired: Schema.Array(Schema.String), ...Look.fields })
export type Repairs = typeof Repairs.Type

/** What a service can compare by itself: its own books, and those of whoever it alone talks to. */
export interface Reconciling {
  /** Compares, and changes nothing. `last` is how far back, where that can be chosen. */
  readonly look: (last: Option.Option<Duration.Duration>) => Effect.Effect<Look, SqlError>
  /** Compares again, and puts right which of these still differ; tells what differs after it. */
  readonly repair: (
    ids: ReadonlySet<string>,
    last: Option.Option<Duration.Duration>
  ) => Effect.Effect<Repairs, SqlError>
}
