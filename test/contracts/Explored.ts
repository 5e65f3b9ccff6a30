import type { Outgoing } from "@quartet/messaging/Message"

/** Who makes a step happen: a message of another service or a due timer, the provider, or somebody who asks over HTTP. */
export type By = "message" | "provider" | "request"

/** A command, and what brings it. */
export interface Impulse<Command> {
  readonly by: By
  /** The message's type, the request, or what the provider said. */
  readonly cause: string
  readonly command: Command
}

/** A service's pure parts, and what may happen to one order in it. */
export interface Piece<State, Command, Event> {
  readonly start: State
  /** Two states with one key have the same future: versions, times and counters are left out. */
  readonly keyOf: (state: State) => string
  /** The condition it is in, as its state table names it. */
  readonly conditionOf: (state: State) => string
  /** Nothing more has to happen. */
  readonly isAtRest: (state: State) => boolean
  readonly impulses: (state: State) => ReadonlyArray<Impulse<Command>>
  readonly decide: (state: State, command: Command) => ReadonlyArray<Event>
  readonly evolve: (state: State, event: Event) => State
  readonly say: (event: Event, after: State) => ReadonlyArray<Outgoing>
}

/** One step that the decider can really take. */
export interface Step {
  readonly by: By
  readonly cause: string
  readonly from: Place
  readonly to: Place
  readonly said: ReadonlyArray<string>
}

/** A state as the explorer keeps it. */
export interface Place {
  readonly key: string
  readonly condition: string
  readonly atRest: boolean
}

export interface Explored {
  readonly start: Place
  readonly places: ReadonlyArray<Place>
  readonly steps: ReadonlyArray<Step>
}

/** More states than any of the services has; to meet it means that a key counts something that only grows. */
const limit = 20_000

/** Every state that the decider can be brought into, and every step between them. */
export const explore = <State, Command, Event>(piece: Piece<State, Command, Event>): Explored => {
  const placeOf = (state: State): Place => ({
    key: piece.keyOf(state),
    condition: piece.conditionOf(state),
    atRest: piece.isAtRest(state)
  })
  const start = placeOf(piece.start)
  const places = new Map([[start.key, start]])
  const steps: Array<Step> = []
  const waiting = [{ place: start, state: piece.start }]
  for (let here = waiting.shift(); here !== undefined; here = waiting.shift()) {
    for (const { by, cause, command } of piece.impulses(here.state)) {
      const { after, said } = take(piece, here.state, command)
      const to = placeOf(after)
      steps.push({ by, cause, from: here.place, to, said })
      if (places.has(to.key)) continue
      if (places.size === limit) throw new Error(`There are more than ${limit} states.`)
      places.set(to.key, to)
      waiting.push({ place: to, state: after })
    }
  }
  return { start, places: [...places.values()], steps }
}

const take = <State, Command, Event>(piece: Piece<State, Command, Event>, state: State, command: Command) => {
  const said: Array<string> = []
  let after = state
  for (const event of piece.decide(state, command)) {
    after = piece.evolve(after, event)
    said.push(...piece.say(event, after).map(({ type }) => type))
  }
  return { after, said }
}

/** The states from which no state at rest can be reached by steps of these kinds alone. */
export const deadEnds = ({ places, steps }: Explored, by: ReadonlyArray<By>): ReadonlyArray<Place> => {
  const saved = new Set(places.filter(({ atRest }) => atRest).map(({ key }) => key))
  const usable = steps.filter((step) => by.includes(step.by))
  for (let before = -1; before !== saved.size;) {
    before = saved.size
    for (const { from, to } of usable) if (saved.has(to.key)) saved.add(from.key)
  }
  return places.filter(({ key }) => !saved.has(key))
}
