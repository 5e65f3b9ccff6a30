import type { Duration } from "effect"
import { Effect, Queue } from "effect"

/**
 * Waits for one element and takes with it whatever else waits, up to the limit. With `linger` it gives others that long to
 * join the first: where nobody waits for the result, fewer and larger groups cost less.
 */
export const takeWaiting = <A>(
  queue: Queue.Dequeue<A>,
  limit: number,
  linger?: Duration.Duration
): Effect.Effect<ReadonlyArray<A>> =>
  Effect.flatMap(Queue.take(queue), (first) => {
    const others = Effect.map(Queue.takeUpTo(queue, limit - 1), (others) => [first, ...others])
    return linger === undefined ? others : Effect.delay(others, linger)
  })
