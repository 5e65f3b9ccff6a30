import type { SqlClient, SqlError } from "@effect/sql"
import type { Cause } from "effect"
import { Effect } from "effect"
import type { Behaviour, Step } from "./Behaviour.ts"
import { begin } from "./Claims.ts"
import type { Folded } from "./Fold.ts"
import { foldBatch } from "./Fold.ts"
import { IdempotencyKeys } from "./IdempotencyKeys.ts"
import { Inbox } from "./Inbox.ts"
import { Outbox } from "./Outbox.ts"
import * as Retry from "./Retry.ts"
import { ofCause, withoutConsequences } from "./SqlFailure.ts"
import type { Outcome, Submission } from "./Submission.ts"
import { inTwoGoes } from "./Transaction.ts"
import type { Write } from "./Write.ts"

/** What a batch writes with. */
export type BatchServices = SqlClient.SqlClient | Inbox | IdempotencyKeys | Outbox

/**
 * Handles many submissions in one transaction and tells what became of each, in order, after the commit. It never
 * fails: an outage, and a bug of one submission, are outcomes too.
 *
 * When the transaction itself dies of one submission (a broken CHECK, say), the batch is halved until the culprit is
 * alone, so that the others commit.
 */
export const runBatch = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>
): Effect.Effect<ReadonlyArray<Outcome<Reply, Rejection>>, never, BatchServices> =>
  attempt(behaviour, submissions).pipe(
    Effect.catchAll((cause) => ofCause(cause) === "Fault" ? Effect.fail(cause) : again(behaviour, submissions, cause)),
    Effect.tap(({ steps }) => tellCommitted(behaviour, steps)),
    Effect.tap(() => Effect.flatMap(Outbox, (outbox) => outbox.wake)),
    Effect.map(({ outcomes }) => outcomes),
    Effect.catchAll((cause) => afterFailure(behaviour, submissions, cause))
  )

const attempt = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>
) => Effect.mapError(Effect.sandbox(step(behaviour, submissions)), withoutConsequences)

/** Tries again what failed once. A schedule costs several statements, and nearly all batches need none. */
const again = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  cause: Cause.Cause<SqlError.SqlError>
) =>
  Effect.suspend(() => {
    let next: ReturnType<typeof attempt<Slice, Command, Event, Rejection, Reply>> = Effect.fail(cause)
    const tried = Effect.suspend(() => {
      const now = next
      next = attempt(behaviour, submissions)
      return now
    })
    return Effect.retry(tried, { schedule: Retry.contention, while: (cause) => ofCause(cause) !== "Fault" })
  })

/** What is committed stays so, whatever becomes of those who are told. */
const tellCommitted = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  steps: ReadonlyArray<Step<Slice, Command, Event, Reply>>
): Effect.Effect<void> =>
  Effect.suspend(() => behaviour.committed?.(steps) ?? Effect.void).pipe(
    Effect.catchAllCause((cause) => Effect.logError(`${behaviour.name}: a commit could not be told`, cause))
  )

const afterFailure = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  cause: Cause.Cause<SqlError.SqlError>
): Effect.Effect<ReadonlyArray<Outcome<Reply, Rejection>>, never, BatchServices> => {
  const failure = ofCause(cause)
  if (failure === "Outage" || failure === "Contention") {
    return Effect.logWarning(`${behaviour.name}: the database is away`, cause).pipe(
      Effect.as(submissions.map(() => ({ _tag: "Unavailable", reason: "The database is away." })))
    )
  }
  if (submissions.length === 1) return Effect.succeed([{ _tag: "Died", cause }])
  const middle = Math.ceil(submissions.length / 2)
  return Effect.zipWith(
    runBatch(behaviour, submissions.slice(0, middle)),
    runBatch(behaviour, submissions.slice(middle)),
    (first, second) => [...first, ...second]
  )
}

const step = Effect.fnUntraced(function*<Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  submissions: ReadonlyArray<Submission<Command, Reply>>
) {
  const outbox = yield* Outbox
  const inbox = yield* Inbox
  const keys = yield* IdempotencyKeys
  const load = behaviour.load(submissions.map(({ command }) => command))
  const first = begin<Slice, Command, Reply, Rejection>(behaviour.name, submissions, load)
  return yield* inTwoGoes(first, ({ claimed, loaded }) => {
    const { fresh, merge, now } = claimed
    const folded = foldBatch(behaviour, loaded, fresh, now)
    return {
      writes: [
        ...(folded.steps.length > 0 ? [behaviour.save(folded.steps, folded.after)] : []),
        ...(folded.entries.length > 0 ? [outbox.append(folded.entries, now)] : []),
        ...conclusions({ inbox, keys, consumer: behaviour.name }, fresh, folded)
      ],
      result: { outcomes: merge(folded.outcomes), steps: folded.steps }
    }
  })
})

/** Who keeps what became of a claim. */
interface Clerks {
  readonly inbox: Inbox["Type"]
  readonly keys: IdempotencyKeys["Type"]
  readonly consumer: string
}

/** What keeps answers and ignored messages, and gives back the claims of whatever was not done: mostly nothing. */
const conclusions = <Slice, Command, Event, Rejection, Reply>(
  { consumer, inbox, keys }: Clerks,
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  folded: Folded<Slice, Command, Event, Rejection, Reply>
): ReadonlyArray<Write> => {
  const told = submissions.map(({ origin }, index) => ({
    origin,
    outcome: folded.outcomes[index],
    reason: folded.ignored[index]
  }))
  const ignored = told.flatMap(({ origin, reason }) =>
    origin._tag === "Message" && reason !== undefined ? [{ messageId: origin.received.messageId, reason }] : []
  )
  const undone = told.filter(({ outcome }) => outcome?._tag !== "Done")
  const undoneIds = undone.flatMap(({ origin }) => origin._tag === "Message" ? [origin.received.messageId] : [])
  const undoneKeys = undone.flatMap(({ origin }) => origin._tag === "KeyedRequest" ? [origin.claim] : [])
  const answers = told.flatMap(({ origin, outcome }) =>
    origin._tag === "KeyedRequest" && outcome?._tag === "Done" && outcome.answer !== undefined
      ? [{ owner: origin.claim.owner, key: origin.claim.key, answer: outcome.answer }]
      : []
  )
  return [
    ...(ignored.length > 0 ? [inbox.ignored(consumer, ignored)] : []),
    ...(undoneIds.length > 0 ? [inbox.unclaim(consumer, undoneIds)] : []),
    ...(undoneKeys.length > 0 ? [keys.unclaim(undoneKeys)] : []),
    ...(answers.length > 0 ? [keys.answer(answers)] : [])
  ]
}
