import type { Scope } from "effect"
import { Effect } from "effect"
import type { Outcome, Submission } from "../Submission.ts"

/** A submission that waits, and the callback that gets what became of it. */
export interface Item<Command, Reply, Rejection> {
  readonly submission: Submission<Command, Reply>
  readonly settle: (outcome: Outcome<Reply, Rejection>) => void
}

/** What waits for one loop of an actor. Every item that came in is settled once. */
export interface Mailbox<Command, Reply, Rejection> {
  /** Waits for an item and takes with it what else waits, up to the limit. */
  readonly take: (limit: number) => Effect.Effect<ReadonlyArray<Item<Command, Reply, Rejection>>>
  /** Takes a request, or settles it at once when there is no room. */
  readonly offer: (item: Item<Command, Reply, Rejection>) => void
  /** Takes a message, which was paid for already: its sender bounds how many of them are not settled. */
  readonly post: (item: Item<Command, Reply, Rejection>) => void
  readonly settle: (item: Item<Command, Reply, Rejection>, outcome: Outcome<Reply, Rejection>) => void
}

const overloaded: Outcome<never, never> = { _tag: "Unavailable", reason: "Too many commands wait already." }

/** The outcome of all that are not settled when the mailbox closes, and of those that come later. */
export const stopping: Outcome<never, never> = { _tag: "Unavailable", reason: "The service is stopping." }

/** A mailbox that closes with the scope. `capacity` bounds what waits when a request comes. */
export const makeMailbox = Effect.fnUntraced(function*<Command, Reply, Rejection>(
  capacity: number
): Effect.fn.Return<Mailbox<Command, Reply, Rejection>, never, Scope.Scope> {
  const unsettled = new Set<Item<Command, Reply, Rejection>>()
  let waiting: Array<Item<Command, Reply, Rejection>> = []
  let isOpen = true
  let wake = () => {}
  const settle = (item: Item<Command, Reply, Rejection>, outcome: Outcome<Reply, Rejection>) => {
    if (unsettled.delete(item)) item.settle(outcome)
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isOpen = false
      waiting = []
      for (const item of unsettled) settle(item, stopping)
    })
  )
  const post = (item: Item<Command, Reply, Rejection>) => {
    if (!isOpen) return item.settle(stopping)
    unsettled.add(item)
    waiting.push(item)
    return wake()
  }
  const offer = (item: Item<Command, Reply, Rejection>) =>
    isOpen && waiting.length >= capacity ? item.settle(overloaded) : post(item)
  const takeNow = (limit: number) => {
    if (waiting.length <= limit) {
      const all = waiting
      waiting = []
      return all
    }
    return waiting.splice(0, limit)
  }
  const take = (limit: number) =>
    Effect.async<ReadonlyArray<Item<Command, Reply, Rejection>>>((resume) => {
      if (waiting.length > 0) return resume(Effect.succeed(takeNow(limit)))
      wake = () => {
        wake = () => {}
        // What else comes in this turn of the event loop goes along.
        queueMicrotask(() => resume(Effect.sync(() => takeNow(limit))))
      }
      return Effect.sync(() => {
        wake = () => {}
      })
    })
  return { take, offer, post, settle }
})
