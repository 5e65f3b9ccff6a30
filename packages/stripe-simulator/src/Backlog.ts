import { Clock, Effect, Queue, type Scope } from "effect"
import { type Fate, told } from "./Chaos.ts"

/** One delivery of one event: which, the how manieth, and from when on (unix milliseconds). */
export interface Turn {
  readonly eventId: string
  readonly attempt: number
  readonly due: number
  /** When it was to be told for the first time, in unix seconds. */
  readonly since: number
  /** What its first attempt meets. */
  readonly fate: Fate
  /** Sent even while events are held. */
  readonly released: boolean
}

/**
 * Turns that wait to be taken. Every event has at most one turn, so no queue holds more than `capacity`, and no offer waits. Delays are
 * lines of their own, one per length: within a line what came first is due first.
 */
export interface Backlog {
  readonly take: Effect.Effect<Turn>
  readonly now: (turns: ReadonlyArray<Turn>) => Effect.Effect<void>
  readonly after: (millis: number, turns: ReadonlyArray<Turn>) => Effect.Effect<void>
  /** The same event again, later each time: half a second, then twice as long up to a minute. */
  readonly retry: (turn: Turn) => Effect.Effect<void>
}

export const firstTurn = (eventId: string, since: number, fate: Fate): Turn => ({
  eventId,
  attempt: 0,
  due: 0,
  since,
  fate,
  released: false
})

export const make = Effect.fn("Backlog.make")(function*(capacity: number) {
  const ready = yield* Queue.bounded<Turn>(capacity)
  const delayed = yield* line(capacity, ready)
  const retries = yield* Effect.forEach(backOffMillis, () => line(capacity, ready))
  const after = Effect.fn("Backlog.after")(function*(
    queue: Queue.Queue<Turn>,
    millis: number,
    turns: ReadonlyArray<Turn>
  ) {
    const due = (yield* Clock.currentTimeMillis) + millis
    yield* Queue.offerAll(queue, turns.map((turn) => ({ ...turn, due })))
  })
  const backlog: Backlog = {
    take: Queue.take(ready),
    now: (turns) => Queue.offerAll(ready, turns),
    after: (millis, turns) => after(delayed, millis, turns),
    retry: (turn) => {
      const level = Math.min(turn.attempt, backOffMillis.length - 1)
      return after(retries[level] ?? delayed, backOffMillis[level] ?? 0, [{
        ...turn,
        fate: told,
        attempt: turn.attempt + 1
      }])
    }
  }
  return backlog
})

const backOffMillis = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]

/** A queue whose head is moved on when it is due. */
const line = (capacity: number, ready: Queue.Queue<Turn>): Effect.Effect<Queue.Queue<Turn>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const waiting = yield* Queue.bounded<Turn>(capacity)
    yield* Effect.gen(function*() {
      const turn = yield* Queue.take(waiting)
      const now = yield* Clock.currentTimeMillis
      yield* turn.due > now ? Effect.sleep(turn.due - now) : Effect.void
      yield* Queue.offer(ready, turn)
    }).pipe(Effect.forever, Effect.forkScoped)
    return waiting
  })
