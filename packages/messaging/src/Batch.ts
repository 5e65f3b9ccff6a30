import { Cause, Effect } from "effect"
import type { Behaviour, Step } from "./Behaviour.ts"
import { begin } from "./Claims.ts"
import type { Folded } from "./Fold.ts"
import { foldBatch } from "./Fold.ts"
import * as IdempotencyKeys from "./IdempotencyKeys.ts"
import * as Inbox from "./Inbox.ts"
import * as Outbox from "./Outbox.ts"
import * as Retry from "./Retry.ts"
import { failureOf, isSqlError } from "./SqlFailure.ts"
import type { Outcome, Submission } from "./Submission.ts"
import type { Statement } from "./transaction/Statement.ts"
import type { Transaction } from "./transaction/Transaction.ts"
import { Transactions } from "./transaction/Transaction.ts"

/** What a batch is run with. */
export interface BatchServices {
  readonly transactions: Transactions["Type"]
  readonly outbox: Outbox.Outbox["Type"]
}

export const services: Effect.Effect<BatchServices, never, Transactions | Outbox.Outbox> = Effect.zipWith(
  Transactions,
  Outbox.Outbox,
  (transactions, outbox) => ({ transactions, outbox })
)

/** What one try came to: all of it is committed, or nothing. */
type Attempt<Slice, Command, Event, Rejection, Reply> =
  | { readonly _tag: "Committed"; readonly done: Done<Slice, Command, Event, Rejection, Reply> }
  | { readonly _tag: "Failed"; readonly error: unknown }

interface Done<Slice, Command, Event, Rejection, Reply> {
  readonly outcomes: ReadonlyArray<Outcome<Reply, Rejection>>
  readonly steps: ReadonlyArray<Step<Slice, Command, Event, Reply>>
}

/**
 * Handles many submissions in one transaction and returns what became of each, in order, after the commit. It never
 * fails: an outage, and a bug of one submission, are outcomes too.
 *
 * When the transaction itself fails because of one submission (a broken CHECK, say), the batch is halved until the culprit
 * is alone, so that the others commit.
 */
export const runBatch = <Slice, Command, Event, Rejection, Reply>(
  services: BatchServices,
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>
): Effect.Effect<ReadonlyArray<Outcome<Reply, Rejection>>> => {
  const attempt = Effect.async<Attempt<Slice, Command, Event, Rejection, Reply>>((resume) => {
    services.transactions.run((transaction) => step(transaction, behaviour, submissions)).then(
      (done) => resume(Effect.succeed({ _tag: "Committed", done })),
      (error: unknown) => resume(Effect.succeed({ _tag: "Failed", error }))
    )
  })
  return Effect.flatMap(attempt, (first) => {
    if (first._tag === "Committed") return committed(services, behaviour, first.done)
    if (failureOf(first.error) === "Fault") return afterFailure(services, behaviour, submissions, first.error)
    return Effect.flatMap(
      Effect.flatMap(attempt, (again) => isWorthRepeating(again) ? Effect.fail(again) : Effect.succeed(again)).pipe(
        Effect.retry(Retry.contention),
        Effect.catchAll(Effect.succeed)
      ),
      (last) =>
        last._tag === "Committed"
          ? committed(services, behaviour, last.done)
          : afterFailure(services, behaviour, submissions, last.error)
    )
  })
}

const isWorthRepeating = <Slice, Command, Event, Rejection, Reply>(
  attempt: Attempt<Slice, Command, Event, Rejection, Reply>
): boolean => attempt._tag === "Failed" && failureOf(attempt.error) !== "Fault"

/** What is committed stays so, whatever becomes of those who are notified. */
const committed = <Slice, Command, Event, Rejection, Reply>(
  { outbox }: BatchServices,
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  { outcomes, steps }: Done<Slice, Command, Event, Rejection, Reply>
): Effect.Effect<ReadonlyArray<Outcome<Reply, Rejection>>> => {
  outbox.wake()
  if (behaviour.committed === undefined) return Effect.succeed(outcomes)
  const failed = (cause: Cause.Cause<never>) =>
    Effect.logError(`${behaviour.name}: a notification of a commit failed`, cause)
  try {
    const more = behaviour.committed(steps)
    return more === undefined
      ? Effect.succeed(outcomes)
      : Effect.as(Effect.catchAllCause(more, failed), outcomes)
  } catch (defect) {
    return Effect.as(failed(Cause.die(defect)), outcomes)
  }
}

const afterFailure = <Slice, Command, Event, Rejection, Reply>(
  services: BatchServices,
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  error: unknown
): Effect.Effect<ReadonlyArray<Outcome<Reply, Rejection>>> => {
  const failure = failureOf(error)
  const cause = isSqlError(error) ? Cause.fail(error) : Cause.die(error)
  if (failure === "Outage" || failure === "Contention") {
    return Effect.as(
      Effect.logWarning(`${behaviour.name}: the database is away`, cause),
      submissions.map(() => ({ _tag: "Unavailable", reason: "The database is away." }))
    )
  }
  if (submissions.length === 1) return Effect.succeed([{ _tag: "Died", cause }])
  const middle = Math.ceil(submissions.length / 2)
  return Effect.zipWith(
    runBatch(services, behaviour, submissions.slice(0, middle)),
    runBatch(services, behaviour, submissions.slice(middle)),
    (first, second) => [...first, ...second]
  )
}

const step = async <Slice, Command, Event, Rejection, Reply>(
  transaction: Transaction,
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>
): Promise<Done<Slice, Command, Event, Rejection, Reply>> => {
  const load = () => behaviour.load(transaction, submissions.map(({ command }) => command))
  const { claimed, loaded } = await begin<Slice, Command, Reply, Rejection>(transaction, {
    consumer: behaviour.name,
    submissions,
    load
  })
  const { fresh, merge, now } = claimed
  const folded = foldBatch(behaviour, loaded, fresh, now)
  if (folded.steps.length > 0) behaviour.save(transaction, folded.steps, folded.after)
  if (folded.entries.length > 0) transaction.defer(Outbox.append(folded.entries, now))
  for (const conclusion of conclusions(behaviour.name, fresh, folded)) transaction.defer(conclusion)
  return { outcomes: merge(folded.outcomes), steps: folded.steps }
}

/** What keeps answers and ignored messages, and gives back the claims of whatever was not done: mostly nothing. */
const conclusions = <Slice, Command, Event, Rejection, Reply>(
  consumer: string,
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  folded: Folded<Slice, Command, Event, Rejection, Reply>
): ReadonlyArray<Statement> => {
  const settled = submissions.map(({ origin }, index) => ({
    origin,
    outcome: folded.outcomes[index],
    reason: folded.ignored[index]
  }))
  const ignored = settled.flatMap(({ origin, reason }) =>
    origin._tag === "Message" && reason !== undefined ? [{ messageId: origin.received.messageId, reason }] : []
  )
  const undone = settled.filter(({ outcome }) => outcome?._tag !== "Done")
  const undoneIds = undone.flatMap(({ origin }) => origin._tag === "Message" ? [origin.received.messageId] : [])
  const undoneKeys = undone.flatMap(({ origin }) => origin._tag === "KeyedRequest" ? [origin.claim] : [])
  const answers = settled.flatMap(({ origin, outcome }) =>
    origin._tag === "KeyedRequest" && outcome?._tag === "Done" && outcome.answer !== undefined
      ? [{ owner: origin.claim.owner, key: origin.claim.key, answer: outcome.answer }]
      : []
  )
  return [
    ...(ignored.length > 0 ? [Inbox.ignored(consumer, ignored)] : []),
    ...(undoneIds.length > 0 ? [Inbox.unclaim(consumer, undoneIds)] : []),
    ...(undoneKeys.length > 0 ? [IdempotencyKeys.unclaim(undoneKeys)] : []),
    ...(answers.length > 0 ? [IdempotencyKeys.answer(answers)] : [])
  ]
}
