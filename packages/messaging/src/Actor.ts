import type { Scope } from "effect"
import { Effect, Hash } from "effect"
import { runBatch, services } from "./Batch.ts"
import type { Behaviour } from "./Behaviour.ts"
import type { Item } from "./internal/mailbox.ts"
import { makeMailbox, stopping } from "./internal/mailbox.ts"
import type { Outbox } from "./Outbox.ts"
import type { Outcome, Submission } from "./Submission.ts"
import type { Transactions } from "./transaction/Transaction.ts"
import * as Worker from "./Worker.ts"

/** How much an actor takes at a time and how much may wait. */
export interface Limits {
  /** Loops that work side by side. Commands of one key always meet the same one. */
  readonly partitions: number
  /** The most commands of one transaction. */
  readonly batch: number
  /** The most commands that wait in each partition when a request comes; one beyond it is refused for now. */
  readonly mailbox: number
}

export const defaultLimits: Limits = { partitions: 1, batch: 256, mailbox: 1024 }

/**
 * A private state with a mailbox in front: it takes what waits, up to its limit, and commits it together. One command or a
 * hundred cost about the same round trips, and a lone command waits for nothing. Outcomes are given after the commit and
 * never before.
 */
export interface Actor<Command, Reply, Rejection> {
  /** The door for requests: a full mailbox answers `Unavailable` at once. An asker that goes away changes nothing. */
  readonly ask: (submission: Submission<Command, Reply>) => Effect.Effect<Outcome<Reply, Rejection>>
  /**
   * The door for messages: never refused for want of room, since a consumer bounds how many of its deliveries are
   * unsettled. `settle` is called once, after the commit.
   */
  readonly post: (
    submission: Submission<Command, Reply>,
    settle: (outcome: Outcome<Reply, Rejection>) => void
  ) => void
  /** Posts them all, and answers in the submissions' order. */
  readonly submit: (
    submissions: ReadonlyArray<Submission<Command, Reply>>
  ) => Effect.Effect<ReadonlyArray<Outcome<Reply, Rejection>>>
}

/** Starts an actor whose loops end with the scope: the batch in hand is finished, what waits becomes `Unavailable`. */
export const make = Effect.fnUntraced(function*<Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  limits: Limits = defaultLimits
): Effect.fn.Return<Actor<Command, Reply, Rejection>, never, Transactions | Outbox | Scope.Scope> {
  const used = yield* services
  const startPartition = Effect.gen(function*() {
    const mailbox = yield* makeMailbox<Command, Reply, Rejection>(limits.mailbox)
    const commit = (items: ReadonlyArray<Item<Command, Reply, Rejection>>) =>
      runBatch(used, behaviour, items.map(({ submission }) => submission)).pipe(
        Effect.map((outcomes) => items.forEach((item, index) => mailbox.settle(item, outcomes[index] ?? stopping))),
        Effect.tapErrorCause(() => Effect.sync(() => items.forEach((item) => mailbox.settle(item, stopping)))),
        Effect.uninterruptible
      )
    yield* Worker.forever(`Actor ${behaviour.name}`, Effect.flatMap(mailbox.take(limits.batch), commit))
    return mailbox
  })
  const partitions = yield* Effect.all(Array.from({ length: limits.partitions }, () => startPartition))
  const [only] = partitions
  const partitionOf = (command: Command) =>
    partitions.length === 1
      ? only
      : partitions[Math.abs(Hash.string(behaviour.keyOf(command))) % partitions.length]

  const ask = (submission: Submission<Command, Reply>) =>
    Effect.async<Outcome<Reply, Rejection>>((resume) => {
      const settle = (outcome: Outcome<Reply, Rejection>) => resume(Effect.succeed(outcome))
      partitionOf(submission.command)?.offer({ submission, settle })
    })
  const post = (submission: Submission<Command, Reply>, settle: (outcome: Outcome<Reply, Rejection>) => void) =>
    partitionOf(submission.command)?.post({ submission, settle })
  const submit = (submissions: ReadonlyArray<Submission<Command, Reply>>) =>
    Effect.async<ReadonlyArray<Outcome<Reply, Rejection>>>((resume) => {
      const outcomes = submissions.map((): Outcome<Reply, Rejection> => stopping)
      let missing = submissions.length
      if (missing === 0) resume(Effect.succeed(outcomes))
      submissions.forEach((submission, index) =>
        post(submission, (outcome) => {
          outcomes[index] = outcome
          missing -= 1
          if (missing === 0) resume(Effect.succeed(outcomes))
        })
      )
    })
  return { ask, post, submit }
})
