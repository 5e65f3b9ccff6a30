import type { Duration } from "effect"
import { Effect } from "effect"

/** Looks again until the predicate holds, and gives what was then seen; the wait has an end, which fails the test. */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  holds: (seen: A) => boolean,
  within: Duration.DurationInput = "15 seconds"
): Effect.Effect<A, E, R> => {
  let last = "nothing"
  const again: Effect.Effect<A, E, R> = Effect.flatMap(look, (seen) => {
    if (holds(seen)) return Effect.succeed(seen)
    last = JSON.stringify(seen)
    return Effect.delay(Effect.suspend(() => again), "10 millis")
  })
  return again.pipe(
    Effect.timeoutOption(within),
    Effect.flatMap((seen) =>
      seen._tag === "Some" ? Effect.succeed(seen.value) : Effect.dieMessage(`Last seen: ${last}`)
    )
  )
}
