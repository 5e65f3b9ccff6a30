import type { SqlError } from "@effect/sql"
import type { DateTime } from "effect"
import { Effect, Option } from "effect"
import { IdempotencyKeys } from "./IdempotencyKeys.ts"
import type { Claim, Received } from "./Inbox.ts"
import { Inbox } from "./Inbox.ts"
import type { Answer, Claimed, KeyClaim } from "./KeyClaim.ts"
import type { MessageId } from "./Message.ts"
import type { Outcome, Submission } from "./Submission.ts"
import type { Transaction } from "./Transaction.ts"
import { inOneGo } from "./Transaction.ts"

/** A batch of which it is known what is new. */
export interface ClaimedBatch<Command, Reply, Rejection> {
  readonly now: DateTime.Utc
  /** Those never seen before, in order; of messages that share an id, and requests that share a key, only the first. */
  readonly fresh: ReadonlyArray<Submission<Command, Reply>>
  /** The outcomes of the whole batch, given those of the fresh ones. */
  readonly merge: (
    outcomes: ReadonlyArray<Outcome<Reply, Rejection>>
  ) => ReadonlyArray<Outcome<Reply, Rejection>>
}

/**
 * What is known of one submission: it is the n-th fresh one, it goes as the n-th does, or its outcome is known already.
 * A follower is told its own of success only: what was set aside must come again for both.
 */
type Standing<Reply, Rejection> =
  | { readonly _tag: "Fresh"; readonly position: number }
  | {
    readonly _tag: "Follower"
    readonly position: number
    readonly done: (answer?: Answer) => Outcome<Reply, Rejection>
  }
  | { readonly _tag: "Known"; readonly outcome: Outcome<Reply, Rejection> }

/** A batch that is claimed, and what was loaded for it. */
export interface Begun<Slice, Command, Reply, Rejection> {
  readonly claimed: ClaimedBatch<Command, Reply, Rejection>
  readonly loaded: Slice
}

/**
 * Claims message ids and idempotency keys, a statement for each kind, and behind them has the slice loaded for the whole
 * batch: whoever handles the same at the same time is waited for before any row is locked.
 */
export const begin = Effect.fnUntraced(function*<Slice, Command, Reply, Rejection>(
  consumer: string,
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  load: Effect.Effect<Slice, SqlError.SqlError, Transaction>
): Effect.fn.Return<
  Begun<Slice, Command, Reply, Rejection>,
  SqlError.SqlError,
  Transaction | Inbox | IdempotencyKeys
> {
  const inbox = yield* Inbox
  const keys = yield* IdempotencyKeys
  const claims = distinctKeys(submissions)
  const [messages, [answers, loaded]] = yield* inOneGo(
    inbox.claim(consumer, [...distinctMessages(submissions).values()]),
    claims.size === 0 ? withoutKeys(load) : inOneGo(keys.claim([...claims.values()]), load)
  )
  return { claimed: claimedBatch(submissions, messages, claims, answers), loaded }
})

const withoutKeys = <A, E, R>(load: Effect.Effect<A, E, R>) =>
  Effect.map(load, (loaded): readonly [ReadonlyArray<Claimed>, A] => [[], loaded])

/** What is new in a batch, by what became of its claims. */
const claimedBatch = <Command, Reply, Rejection>(
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  { fresh: freshIds, now, reused }: Claim,
  claims: ReadonlyMap<string, KeyClaim>,
  claimed: ReadonlyArray<Claimed>
): ClaimedBatch<Command, Reply, Rejection> => {
  const standings = new Map([...claims.keys()].map((name, index) => [name, claimed[index]]))

  const fresh: Array<Submission<Command, Reply>> = []
  const leaders = new Map<string, { readonly position: number; readonly claim: KeyClaim }>()
  const firsts = new Map<MessageId, number>()
  const digests = distinctMessages(submissions)
  const take = (submission: Submission<Command, Reply>): Standing<Reply, Rejection> => ({
    _tag: "Fresh",
    position: fresh.push(submission) - 1
  })
  const all = submissions.map((submission): Standing<Reply, Rejection> => {
    const { origin } = submission
    if (origin._tag === "Request") return take(submission)
    if (origin._tag === "Message") {
      const { digest, messageId: id } = origin.received
      // What becomes of the first is not decided yet: with the next batch it is.
      if (digests.get(id)?.digest !== digest) return known(otherFirst)
      if (reused.has(id)) return known(idReused)
      const first = firsts.get(id)
      if (first !== undefined) return { _tag: "Follower", position: first, done: () => duplicate }
      if (!freshIds.has(id)) return known(duplicate)
      firsts.set(id, fresh.length)
      return take(submission)
    }
    const name = nameOf(origin.claim)
    const leader = leaders.get(name)
    if (leader !== undefined) return { _tag: "Follower", position: leader.position, done: answerOf(leader.claim) }
    const standing = standings.get(name)
    if (standing?._tag !== "Fresh") return known(ofStored(standing))
    leaders.set(name, { position: fresh.length, claim: origin.claim })
    return take(submission)
  })
  return { now, fresh, merge: (outcomes) => all.map((standing) => outcomeOf(standing, outcomes)) }
}

const known = <Reply, Rejection>(outcome: Outcome<Reply, Rejection>): Standing<Reply, Rejection> => ({
  _tag: "Known",
  outcome
})

const duplicate: Outcome<never, never> = { _tag: "Duplicate" }

const idReused: Outcome<never, never> = { _tag: "IdReused" }

const otherFirst: Outcome<never, never> = {
  _tag: "Unavailable",
  reason: "Another message with the same id is in the same batch."
}

/** While the first caller may still get a better answer, a repetition is not shown the present one. */
const answerOf = ({ open }: KeyClaim) => (answer?: Answer): Outcome<never, never> =>
  answer === undefined || Option.isSome(open) ? { _tag: "KeyInProgress" } : { _tag: "Replayed", answer }

const ofStored = <Reply, Rejection>(claimed: Claimed | undefined): Outcome<Reply, Rejection> => {
  if (claimed?._tag === "Reused") return { _tag: "KeyReused" }
  return claimed?._tag === "Stored" ? { _tag: "Replayed", answer: claimed.answer } : { _tag: "KeyInProgress" }
}

const outcomeOf = <Reply, Rejection>(
  standing: Standing<Reply, Rejection>,
  outcomes: ReadonlyArray<Outcome<Reply, Rejection>>
): Outcome<Reply, Rejection> => {
  if (standing._tag === "Known") return standing.outcome
  const outcome = outcomes[standing.position]
  if (outcome === undefined) return { _tag: "Unavailable", reason: "The batch was not handled." }
  return standing._tag === "Follower" && outcome._tag === "Done" ? standing.done(outcome.answer) : outcome
}

/** One claim of a batch: the same key for the same request. */
const nameOf = ({ fingerprint, key, owner }: KeyClaim): string => `${owner}\n${key}\n${fingerprint}`

/** Of messages that share an id, the first. */
const distinctMessages = <Command, Reply>(
  submissions: ReadonlyArray<Submission<Command, Reply>>
): ReadonlyMap<MessageId, Received> => {
  const byId = new Map<MessageId, Received>()
  for (const { origin } of submissions) {
    if (origin._tag === "Message" && !byId.has(origin.received.messageId)) {
      byId.set(origin.received.messageId, origin.received)
    }
  }
  return byId
}

const distinctKeys = <Command, Reply>(
  submissions: ReadonlyArray<Submission<Command, Reply>>
): ReadonlyMap<string, KeyClaim> => {
  const byName = new Map<string, KeyClaim>()
  for (const { origin } of submissions) {
    if (origin._tag === "KeyedRequest" && !byName.has(nameOf(origin.claim))) {
      byName.set(nameOf(origin.claim), origin.claim)
    }
  }
  return byName
}
