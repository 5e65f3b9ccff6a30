import { Stopping } from "@quartet/hosting/Stopping"
import type { Duration } from "effect"
import { Deferred, Effect } from "effect"
import type { Order } from "./domain/State.ts"
import { Watching } from "./Watching.ts"

/** What is waited for, and how long. */
export interface Wish {
  readonly wanted: (order: Order) => boolean
  readonly atMost: Duration.Duration
}

/** The order once it is as wanted, or as it was last seen when the time is up or the server stops. */
export const until = Effect.fn("Waiting.until")(function*(first: Order, { atMost, wanted }: Wish) {
  if (wanted(first)) return first
  const { watch } = yield* Watching
  let newest = first
  const settled = yield* Deferred.make<void>()
  yield* watch(first.orderId, first.version, (order) => {
    newest = order
    if (wanted(order)) Deferred.unsafeDone(settled, Effect.void)
  })
  yield* Deferred.await(settled).pipe(Effect.timeoutOption(atMost), Effect.raceFirst(yield* Stopping))
  return newest
}, Effect.scoped)
