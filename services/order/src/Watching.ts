import type { OrderId } from "@quartet/contracts/Ids"
import * as Worker from "@quartet/messaging/Worker"
import type { Scope } from "effect"
import { Context, Effect, Layer } from "effect"
import type { Order } from "./domain/State.ts"
import { OrderViews } from "./Views.ts"

/**
 * Who wants to hear of which orders. A commit of this process is told at once; what another replica committed is found by
 * one look for all who watch, four times a second. Nobody hears of an older version after a newer one.
 */
export class Watching extends Context.Tag("@quartet/order/Watching")<Watching, {
  /** Shows the orders, as they are after a commit, to whoever watches them here. */
  readonly notify: (orders: ReadonlyArray<Order>) => Effect.Effect<void>
  /** Until the scope closes, `hear` gets each state of the order that is seen here and newer than `version`. */
  readonly watch: (
    orderId: OrderId,
    version: number,
    hear: (order: Order) => void
  ) => Effect.Effect<void, never, Scope.Scope>
}>() {}

/** One who watches: the newest version he heard of, and how to tell him of the next. */
interface Watcher {
  readonly hear: (order: Order) => void
  version: number
}

/** How often all watched orders are looked at, in one statement. */
const pause = "250 millis"

/** Watching with the given way to find what is newer than it was seen. */
export const make = Effect.fnUntraced(function*(newer: OrderViews["Type"]["newer"]) {
  const watched = new Map<OrderId, Set<Watcher>>()
  const isWatched = Effect.unsafeMakeLatch()

  const tell = (order: Order) => {
    for (const watcher of watched.get(order.orderId) ?? []) {
      if (order.version <= watcher.version) continue
      watcher.version = order.version
      watcher.hear(order)
    }
  }
  const enter = (orderId: OrderId, watcher: Watcher) => {
    watched.set(orderId, (watched.get(orderId) ?? new Set()).add(watcher))
    isWatched.unsafeOpen()
  }
  const leave = (orderId: OrderId, watcher: Watcher) => {
    const others = watched.get(orderId)
    others?.delete(watcher)
    if (others?.size === 0) watched.delete(orderId)
    if (watched.size === 0) isWatched.unsafeClose()
  }
  const seen = () =>
    Object.fromEntries([...watched].map(([id, watchers]) => [id, Math.min(...[...watchers].map(versionOf))]))

  // The pause comes first: newcomers have just read their order.
  const look = Effect.delay(Effect.suspend(() => newer(seen())), pause)
  const lookAgain = Effect.zipRight(isWatched.await, Effect.map(look, (orders) => orders.forEach(tell)))
  yield* Worker.forever("Watching orders", lookAgain)

  return Watching.of({
    notify: (orders) => Effect.sync(() => orders.forEach(tell)),
    watch: (orderId, version, hear) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => {
          const watcher = { hear, version }
          enter(orderId, watcher)
          return watcher
        }),
        (watcher) => Effect.sync(() => leave(orderId, watcher))
      ))
  })
})

const versionOf = ({ version }: Watcher): number => version

export const layer = Layer.scoped(Watching, Effect.flatMap(OrderViews, ({ newer }) => make(newer)))
