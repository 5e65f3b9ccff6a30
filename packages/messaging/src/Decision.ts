/**
 * What a decider answers. Every state meets every command with one of the four, so that early, late and repeated
 * messages are ordinary cases.
 */
export type Decision<Event, Rejection> = Accepted<Event> | Ignored | Refused<Rejection> | TooEarly

/** The events that happen because of the command. */
export interface Accepted<Event> {
  readonly _tag: "Accepted"
  readonly events: ReadonlyArray<Event>
}

/** Nothing happens, and that is right: the fact is known already, or no longer matters. The asker sees success. */
export interface Ignored {
  readonly _tag: "Ignored"
  readonly reason: string
}

/** The asker must hear why not. Nothing is stored; a message so refused is parked. */
export interface Refused<Rejection> {
  readonly _tag: "Refused"
  readonly rejection: Rejection
}

/** A fact that must have come first is not known yet: the message is tried again later, and parked at its limit. */
export interface TooEarly {
  readonly _tag: "TooEarly"
  readonly reason: string
}

export const accept = <Event>(...events: ReadonlyArray<Event>): Accepted<Event> => ({ _tag: "Accepted", events })

export const ignore = (reason: string): Ignored => ({ _tag: "Ignored", reason })

export const refuse = <Rejection>(rejection: Rejection): Refused<Rejection> => ({ _tag: "Refused", rejection })

export const tooEarly = (reason: string): TooEarly => ({ _tag: "TooEarly", reason })

/** The events of a decision; none unless it was accepted. */
export const eventsOf = <Event, Rejection>(decision: Decision<Event, Rejection>): ReadonlyArray<Event> =>
  decision._tag === "Accepted" ? decision.events : []
