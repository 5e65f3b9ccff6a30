import type { Duration, Option } from "effect"
import { Schema } from "effect"

/** A key as one customer gave it. Keys of different owners have nothing to do with each other. */
export const RequestKey = Schema.Struct({ owner: Schema.String, key: Schema.String })
export type RequestKey = typeof RequestKey.Type

/** What a replay returns, byte for byte. `headers` are those that belong to the answer, such as `Location`. */
export const Answer = Schema.Struct({
  status: Schema.Int,
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  body: Schema.String
})
export type Answer = typeof Answer.Type

/**
 * A request that wants its key. `fingerprint` covers method, route, path and canonical body. `open` is how long the
 * first caller may still wait for a better answer; until then a repetition is told that the first is in progress.
 */
export interface KeyClaim extends RequestKey {
  readonly fingerprint: string
  readonly open: Option.Option<Duration.Duration>
}

/** What became of a claim: ours, answered before, used for another request, or still being answered. */
export type Claimed =
  | { readonly _tag: "Fresh" }
  | { readonly _tag: "Stored"; readonly answer: Answer }
  | { readonly _tag: "Reused" }
  | { readonly _tag: "InProgress" }
