import type { Scope } from "effect"
import { Clock, Deferred, Effect, FiberId, Hash } from "effect"
import type { BatchServices } from "./Batch.ts"
import { runBatch } from "./Batch.ts"
import type { Behaviour } from "./Behaviour.ts"
import { makeMailbox, stopping } from "./internal/mailbox.ts"
import type { Rest } from "./internal/pace.ts"
import { makePace } from "./internal/pace.ts"
import type { Outcome, Submission } from "./Submission.ts"
import * as Worker from "./Worker.ts"

/** How much an actor takes at a time and how much may wait. */
export interface Limits {
  /** Loops that work side by side. Commands of one key always meet the same one. */
  readonly partitions: number
  /** The most commands of one transaction. */
  readonly batch: number
  /** The most commands that wait in each partition; a request beyond it is told to come back. */
  readonly mailbox: number
}

export const defaultLimits: Limits = { partitions: 1, batch: 128, mailbox: 1024 }

/**
 * A private state with a mailbox in front: it takes whatever waits, up to its limit, and commits it together. One
 * command or a hundred cost about the same round trips. Outcomes are told after the commit and never before.
 */
export interface Actor<Command, Reply, Rejection> {
  /** The door for requests: a full mailbox answers `Unavailable` at once. An asker that goes away changes nothing. */
  readonly ask: (submission: Submission<Command, Reply>) => Effect.Effect<Outcome<Reply, Rejection>>
  /** The door for messages: waits for room in the mailbox, and answers in the submissions' order. */
  readonly submit: (
    submissions: ReadonlyArray<Submission<Command, Reply>>
  ) => Effect.Effect<ReadonlyArray<Outcome<Reply, Rejection>>>
}

/** Starts an actor whose loops end with the scope: the batch in hand is finished, what waits is told `Unavailable`. */
export const make = Effect.fnUntraced(function*<Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  limits: Limits = defaultLimits
): Effect.fn.Return<Actor<Command, Reply, Rejection>, never, BatchServices | Scope.Scope> {
  const partitions = yield* Effect.forEach(
    Array.from({ length: limits.partitions }),
    () => startPartition(behaviour, limits)
  )
  const partitionOf = (command: Command) =>
    partitions[Math.abs(Hash.string(behaviour.keyOf(command))) % partitions.length]

  // The plain callback: this runs once for each request and not once for each batch.
  const ask = (submission: Submission<Command, Reply>) =>
    Effect.async<Outcome<Reply, Rejection>>((resume) => {
      const settle = (outcome: Outcome<Reply, Rejection>) => resume(Effect.succeed(outcome))
      partitionOf(submission.command)?.offer({ submission, settle })
    })

  const submit = Effect.fnUntraced(function*(submissions: ReadonlyArray<Submission<Command, Reply>>) {
    const group = makeGroup<Reply, Rejection>(submissions.length)
    const items = submissions.map((submission, index) => ({
      partition: partitionOf(submission.command),
      item: { submission, settle: (outcome: Outcome<Reply, Rejection>) => group.settle(index, outcome) }
    }))
    for (const partition of partitions) {
      yield* partition.offerAll(items.flatMap((entry) => entry.partition === partition ? [entry.item] : []))
    }
    return yield* Deferred.await(group.told)
  })
  return { ask, submit }
})

/** A batch of so many is not rested after. The first command after a quiet time never waits. */
const few = 64

const startPartition = Effect.fnUntraced(function*<Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  limits: Limits
) {
  const mailbox = yield* makeMailbox<Command, Reply, Rejection>(limits.mailbox)
  const pace = makePace()
  const rest = ({ message, request }: Rest) =>
    message > request
      ? Effect.zipRight(Effect.sleep(request), Effect.raceFirst(mailbox.asked, Effect.sleep(message - request)))
      : Effect.sleep(request)
  const takeAndCommit = Effect.gen(function*() {
    const items = yield* mailbox.take(limits.batch)
    const began = yield* Clock.currentTimeMillis
    yield* runBatch(behaviour, items.map(({ submission }) => submission)).pipe(
      Effect.tap((outcomes) =>
        Effect.sync(() => items.forEach((item, index) => mailbox.settle(item, outcomes[index] ?? stopping)))
      ),
      Effect.tapErrorCause(() => Effect.sync(() => items.forEach((item) => mailbox.settle(item, stopping)))),
      Effect.uninterruptible
    )
    const due = pace((yield* Clock.currentTimeMillis) - began)
    if (items.length < few) yield* rest(due)
  })
  yield* Worker.forever(`Actor ${behaviour.name}`, takeAndCommit)
  return mailbox
})

/** Many submissions that are answered together, once each has its outcome. */
const makeGroup = <Reply, Rejection>(size: number) => {
  const told = Deferred.unsafeMake<ReadonlyArray<Outcome<Reply, Rejection>>>(FiberId.none)
  const outcomes = Array.from({ length: size }, (): Outcome<Reply, Rejection> => stopping)
  let missing = size
  const settle = (index: number, outcome: Outcome<Reply, Rejection>) => {
    outcomes[index] = outcome
    missing -= 1
    if (missing === 0) Deferred.unsafeDone(told, Effect.succeed(outcomes))
  }
  if (size === 0) Deferred.unsafeDone(told, Effect.succeed(outcomes))
  return { told, settle }
}
