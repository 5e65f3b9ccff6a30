import type { Scope } from "effect"
import { Effect } from "effect"
import * as Retry from "./Retry.ts"

/**
 * Repeats a piece of work for as long as the scope is open. An outage or a bug is logged and only delays it: a worker
 * never dies alone and unseen.
 */
export const forever = <E, R>(
  name: string,
  work: Effect.Effect<unknown, E, R>
): Effect.Effect<void, never, R | Scope.Scope> =>
  Effect.forever(work).pipe(
    Effect.tapErrorCause((cause) => Effect.logWarning(`${name} failed and goes on`, cause)),
    Effect.sandbox,
    Effect.retry(Retry.supervision),
    Effect.forkScoped,
    Effect.asVoid
  )
