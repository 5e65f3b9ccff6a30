import { HashMap, Option } from "effect"
import type { Slice } from "./Keyed.ts"

/** The last state of one thing that a batch touched; `isNew` when it has no row yet. */
export interface Changed<Key, State> {
  readonly key: Key
  readonly state: State
  readonly isNew: boolean
}

/** What has to be saved: each touched thing once, in the order it was first touched. */
export const changed = <Key, State>(
  touched: ReadonlyArray<{ readonly key: Key; readonly before: Slice<Key, State> }>,
  after: Slice<Key, State>
): ReadonlyArray<Changed<Key, State>> => {
  const first = new Map(touched.toReversed().map(({ before, key }) => [key, HashMap.has(before, key)]))
  return [...first].flatMap(([key, existed]) =>
    Option.toArray(Option.map(HashMap.get(after, key), (state) => ({ key, state, isNew: !existed })))
  )
}
