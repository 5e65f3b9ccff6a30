import type { SqlError } from "@effect/sql"
import type { OrderId } from "@quartet/contracts/Ids"
import { Stopping } from "@quartet/hosting/Stopping"
import type { Duration } from "effect"
import { Context, Effect, Layer, Option, Queue, Ref } from "effect"
import type { Order } from "./domain/State.ts"

/**
 * Who waits for an order to change. A commit of this process wakes its waiters at once; one of another replica is found
 * by looking again four times a second.
 */
export class Waiting extends Context.Tag("@quartet/order/Waiting")<Waiting, {
  /** Shows the orders, as they are after a commit, to whoever waits for them here. */
  readonly notify: (orders: ReadonlyArray<Order>) => Effect.Effect<void>
  /** The order once it is as wanted, or as it was last seen when the time is up or the server stops. */
  readonly until: (first: Order, wish: Wish) => Effect.Effect<Order, SqlError.SqlError>
}>() {}

/** What is waited for, how long, and how the order is read. */
export interface Wish {
  readonly wanted: (order: Order) => boolean
  readonly atMost: Duration.Duration
  readonly look: Effect.Effect<Option.Option<Order>, SqlError.SqlError>
}

/** How often the order is read while nothing is heard of it. */
const poll = "250 millis"

export const layer = Layer.sync(Waiting, () => {
  const waiters = new Map<OrderId, Set<Queue.Queue<Order>>>()

  const enter = (id: OrderId) =>
    Effect.tap(
      Queue.sliding<Order>(1),
      (queue) => Effect.sync(() => waiters.set(id, (waiters.get(id) ?? new Set()).add(queue)))
    )
  const leave = (id: OrderId, queue: Queue.Queue<Order>) =>
    Effect.sync(() => {
      const others = waiters.get(id)
      others?.delete(queue)
      if (others?.size === 0) waiters.delete(id)
    })

  const notify = (orders: ReadonlyArray<Order>) =>
    Effect.forEach(
      orders,
      (order) => Effect.forEach(waiters.get(order.orderId) ?? [], (queue) => Queue.offer(queue, order)),
      { discard: true }
    )

  const until: Waiting["Type"]["until"] = Effect.fn("Waiting.until")((first: Order, options: Wish) =>
    options.wanted(first) ? Effect.succeed(first) : Effect.acquireUseRelease(
      enter(first.orderId),
      (heard) => follow(first, heard, options),
      (queue) => leave(first.orderId, queue)
    )
  )
  return Waiting.of({ notify, until })
})

/** What is read and what is heard may cross: an older version never replaces a newer one. */
const follow = Effect.fnUntraced(function*(first: Order, heard: Queue.Dequeue<Order>, { atMost, look, wanted }: Wish) {
  const newest = yield* Ref.make(first)
  const see = (order: Order) => Ref.updateAndGet(newest, (seen) => order.version > seen.version ? order : seen)
  const lookAgain = Effect.flatMap(look, Option.match({ onNone: () => Ref.get(newest), onSome: see }))
  const change = Effect.raceFirst(Effect.flatMap(Queue.take(heard), see), Effect.delay(lookAgain, poll))
  const settle = (order: Order): Effect.Effect<Order, SqlError.SqlError> =>
    wanted(order) ? Effect.succeed(order) : Effect.flatMap(change, settle)
  // It may have changed before we listened.
  yield* Effect.flatMap(lookAgain, settle).pipe(Effect.timeoutOption(atMost), Effect.raceFirst(yield* Stopping))
  return yield* Ref.get(newest)
})
