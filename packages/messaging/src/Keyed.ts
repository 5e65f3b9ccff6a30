import type { DateTime } from "effect"
import { HashMap, Option } from "effect"
import type { Decision } from "./Decision.ts"

/** A pure decider of one thing: an order, a payment, a shipment. */
export interface Decider<State, Command, Event, Rejection> {
  readonly decide: (state: State, command: Command, now: DateTime.Utc) => Decision<Event, Rejection>
  readonly evolve: (state: State, event: Event) => State
}

/** The things a batch is about, by their key. */
export type Slice<Key, State> = HashMap.HashMap<Key, State>

/** Lifts the decider of one thing to a slice of many; a key that is not in the slice is `absent`. */
export const keyed = <Key, State, Command, Event, Rejection>(options: {
  readonly keyOf: (about: Command | Event) => Key
  readonly absent: State
  readonly decider: Decider<State, Command, Event, Rejection>
}) => {
  const { absent, decider, keyOf } = options
  const get = (slice: Slice<Key, State>, key: Key): State => Option.getOrElse(HashMap.get(slice, key), () => absent)
  return {
    get,
    decide: (slice: Slice<Key, State>, command: Command, now: DateTime.Utc): Decision<Event, Rejection> =>
      decider.decide(get(slice, keyOf(command)), command, now),
    evolve: (slice: Slice<Key, State>, event: Event): Slice<Key, State> => {
      const key = keyOf(event)
      return HashMap.set(slice, key, decider.evolve(get(slice, key), event))
    },
    reply: (slice: Slice<Key, State>, command: Command): State => get(slice, keyOf(command))
  }
}
