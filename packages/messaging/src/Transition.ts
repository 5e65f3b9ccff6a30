import { Schema } from "effect"
import type { Step } from "./Behaviour.ts"

/** One line of an audit trail: what changed, because of what, by whom and when. Every service keeps one for its things. */
export const Transition = Schema.Struct({
  key: Schema.String,
  version: Schema.Int,
  fromStatus: Schema.String,
  toStatus: Schema.String,
  event: Schema.String,
  /** The message, or the request, that caused it. */
  cause: Schema.String,
  correlation: Schema.String,
  actor: Schema.String,
  at: Schema.DateTimeUtc
})
export type Transition = typeof Transition.Type

/** What a transition says of the thing that changed. */
export interface Change {
  readonly key: string
  readonly version: number
  readonly from: string
  readonly to: string
}

/** The audit trail of a batch's steps, in their order. */
export const transitionsOf = <Slice, Command, Event extends { readonly _tag: string }, Reply>(
  steps: ReadonlyArray<Step<Slice, Command, Event, Reply>>,
  changeOf: (step: Step<Slice, Command, Event, Reply>) => Change
): ReadonlyArray<Transition> =>
  steps.map((step) => {
    const { from, key, to, version } = changeOf(step)
    const { by, lineage } = step.submission
    return {
      key,
      version,
      fromStatus: from,
      toStatus: to,
      event: step.event._tag,
      cause: lineage.causationId,
      correlation: lineage.correlationId,
      actor: by,
      at: step.at
    }
  })

/** The transitions as the text of one statement's parameter. */
export const encodeTransitions = Schema.encodeSync(Schema.parseJson(Schema.Array(Transition)))
