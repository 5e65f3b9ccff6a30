import { Effect, Queue } from "effect"

/** Waits for one element and takes with it whatever else waits, up to the limit. */
export const takeWaiting = <A>(queue: Queue.Dequeue<A>, limit: number): Effect.Effect<ReadonlyArray<A>> =>
  Effect.flatMap(
    Queue.take(queue),
    (first) => Effect.map(Queue.takeUpTo(queue, limit - 1), (others) => [first, ...others])
  )
