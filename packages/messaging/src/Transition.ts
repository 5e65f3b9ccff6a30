import type { DateTime } from "effect"
import type { Step } from "./Behaviour.ts"

/** One line of an audit trail: what changed, because of what, by whom and when. Every service keeps one for its things. */
export type Transition = {
  readonly key: string
  readonly version: number
  readonly fromStatus: string
  readonly toStatus: string
  readonly event: string
  /** The message, or the request, that caused it. */
  readonly cause: string
  readonly correlation: string
  readonly actor: string
  readonly at: DateTime.Utc
}

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
