import { Stopping } from "@quartet/hosting/Stopping"
import type { Duration } from "effect"
import { Deferred, Duration as Durations, Effect } from "effect"
import type { Order } from "./domain/State.ts"
import { Waits } from "./Waits.ts"
import { Watching } from "./Watching.ts"

/** What is waited for, and how long. */
export interface Wish {
  readonly wanted: (order: Order) => boolean
  readonly atMost: Duration.Duration
  /** On whose account. */
  readonly owner: string
}

/** How a wait came out: the order, and how long it would have been waited for it. */
export interface Awaited {
  readonly order: Order
  readonly granted: Duration.Duration
}

/**
 * The order once it is as wanted, or as it was last seen when the time is up or the server stops; as it is, without a wait,
 * where there are as many waits as there may be.
 */
export const until = Effect.fnUntraced(function*(first: Order, wish: Wish) {
  const asGiven: Awaited = { order: first, granted: wish.atMost }
  if (wish.wanted(first) || Durations.equals(wish.atMost, Durations.zero)) return asGiven
  const waiting = Effect.map(watched(first, wish), (order): Awaited => ({ order, granted: wish.atMost }))
  const { hold } = yield* Waits
  return yield* hold(wish.owner, waiting, { order: first, granted: Durations.zero })
})

const watched = Effect.fn("Waiting.until")(function*(first: Order, { atMost, wanted }: Wish) {
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
