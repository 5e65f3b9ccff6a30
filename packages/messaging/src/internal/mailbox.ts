import type { Scope } from "effect"
import { Chunk, Effect, Queue } from "effect"
import type { Outcome, Submission } from "../Submission.ts"
import { takeWaiting } from "./takeWaiting.ts"

/** A submission that waits, and who is told what became of it. */
export interface Item<Command, Reply, Rejection> {
  readonly submission: Submission<Command, Reply>
  readonly settle: (outcome: Outcome<Reply, Rejection>) => void
}

/** What waits for one loop of an actor. Every item that came in is settled once. */
export interface Mailbox<Command, Reply, Rejection> {
  /** Waits for an item and takes whatever else waits, up to the limit. */
  readonly take: (limit: number) => Effect.Effect<ReadonlyArray<Item<Command, Reply, Rejection>>>
  /** Waits until one is there whose asker waits for an answer. */
  readonly asked: Effect.Effect<void>
  /** Takes the item, or settles it at once when there is no room. */
  readonly offer: (item: Item<Command, Reply, Rejection>) => void
  /** Waits for room. */
  readonly offerAll: (items: ReadonlyArray<Item<Command, Reply, Rejection>>) => Effect.Effect<void>
  readonly settle: (item: Item<Command, Reply, Rejection>, outcome: Outcome<Reply, Rejection>) => void
}

const overloaded: Outcome<never, never> = { _tag: "Unavailable", reason: "Too many commands wait already." }

/** What is told to all that are not settled when the mailbox closes, and to whoever comes later. */
export const stopping: Outcome<never, never> = { _tag: "Unavailable", reason: "The service is stopping." }

/** A bounded mailbox that closes with the scope. */
export const makeMailbox = Effect.fnUntraced(function*<Command, Reply, Rejection>(
  capacity: number
): Effect.fn.Return<Mailbox<Command, Reply, Rejection>, never, Scope.Scope> {
  const unsettled = new Set<Item<Command, Reply, Rejection>>()
  let open = true
  const call = makeCall()
  const settle = (item: Item<Command, Reply, Rejection>, outcome: Outcome<Reply, Rejection>) => {
    if (unsettled.delete(item)) item.settle(outcome)
  }
  const settleAll = Effect.sync(() => {
    open = false
    for (const item of unsettled) settle(item, stopping)
  })
  const queue = yield* Effect.acquireRelease(
    Queue.bounded<Item<Command, Reply, Rejection>>(capacity),
    // Whoever waits for room is let in, to find that its items are settled.
    (waiting) => Effect.zipRight(settleAll, Effect.repeat(Queue.takeAll(waiting), { until: Chunk.isEmpty }))
  )
  const offer = (item: Item<Command, Reply, Rejection>) => {
    unsettled.add(item)
    if (!open) settle(item, stopping)
    else if (!queue.unsafeOffer(item)) settle(item, overloaded)
    else call.ring()
  }
  const offerAll = (items: ReadonlyArray<Item<Command, Reply, Rejection>>) =>
    Effect.suspend(() => {
      for (const item of items) unsettled.add(item)
      return open ? Effect.asVoid(Queue.offerAll(queue, items)) : settleAll
    })
  const take = (limit: number) => Effect.tap(takeWaiting(queue, limit), call.answer)
  return { take, asked: call.rung, offer, offerAll, settle }
})

/** A bell that rings from the first ring until it is answered. */
const makeCall = () => {
  let rings = false
  let heard = () => {}
  const ring = () => {
    rings = true
    heard()
  }
  const answer = Effect.sync(() => {
    rings = false
  })
  const rung = Effect.async<void>((resume) => {
    heard = () => resume(Effect.void)
    if (rings) heard()
  })
  return { ring, answer, rung }
}
