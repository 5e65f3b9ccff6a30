import type { HttpServerResponse } from "@effect/platform"
import { HttpServerRequest } from "@effect/platform"
import type { SqlError } from "@effect/sql"
import { holdsCardNumber } from "@quartet/contracts/CardNumber"
import { unavailable } from "@quartet/contracts/EdgeRefusals"
import { keyInProgress, keyReused } from "@quartet/contracts/KeyProblems"
import { Correlation } from "@quartet/hosting/Correlation"
import { IdempotencyKeys } from "@quartet/messaging/IdempotencyKeys"
import type { Answer, KeyClaim } from "@quartet/messaging/KeyClaim"
import type { Lineage } from "@quartet/messaging/Outbox"
import type { Outcome, Submission } from "@quartet/messaging/Submission"
import { Cause, Duration, Effect, Match, Option, Schedule } from "effect"
import { OrderActor } from "./Actor.ts"
import * as Answers from "./Answers.ts"
import type { OrderCommand } from "./domain/Command.ts"
import type { OrderRejection } from "./domain/Rejection.ts"
import type { Order, State } from "./domain/State.ts"
import * as Preference from "./Preference.ts"
import * as Refusals from "./Refusals.ts"
import * as Waiting from "./Waiting.ts"
import { Waits } from "./Waits.ts"
import type { Watching } from "./Watching.ts"

/** What somebody asks for, and how they are answered. */
export interface Question {
  readonly command: OrderCommand
  /** Whose keys theirs is told from. */
  readonly owner: string
  /** Who the audit trail says it was; `owner`, unless that is nobody's business. */
  readonly by?: string
  readonly key: Option.Option<{ readonly key: string; readonly fingerprint: string }>
  /** How long the caller would wait until the order is as `settled` says. */
  readonly wait: Option.Option<Duration.Duration>
  readonly settled: (order: Order) => boolean
  readonly answer: (order: Order) => Answer
}

type Told = Outcome<State, OrderRejection>
type Asked = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  SqlError.SqlError,
  Watching | Waits | IdempotencyKeys
>

/**
 * Time to wake up, read and seal after the wait: beyond every limit of the database's session, so that no answer is
 * sealed after a repetition was given the first one.
 */
const sealing = Duration.seconds(30)

/** Asks the actor, waits if that is wished for, and answers; a repeated request gets the bytes of its first answer. */
export const ask = Effect.fnUntraced(function*(question: Question) {
  const actor = yield* OrderActor
  const claim = claimOf(question)
  const submission = submissionOf(question, claim, yield* lineage)
  return yield* respond(question, claim, yield* patiently(actor.ask(submission), question))
})

/** Whoever is willing to wait gets the first request's answer once it is given, instead of being sent away. */
const patiently = (ask: Effect.Effect<Told>, { owner, wait }: Question): Effect.Effect<Told, never, Waits> =>
  Option.match(wait, {
    onNone: () => ask,
    onSome: (atMost) =>
      Effect.flatMap(ask, (first) =>
        first._tag === "KeyInProgress"
          ? Effect.flatMap(Waits, ({ hold }) => hold(owner, askedAgain(ask, atMost), first))
          : Effect.succeed(first))
  })

const askedAgain = (ask: Effect.Effect<Told>, atMost: Duration.Duration): Effect.Effect<Told> =>
  Effect.repeat(Effect.delay(ask, pause), {
    while: ({ _tag }) => _tag === "KeyInProgress",
    schedule: Schedule.recurs(Math.max(0, Math.ceil(Duration.toMillis(atMost) / Duration.toMillis(pause)) - 1)).pipe(
      Schedule.upTo(atMost),
      Schedule.zipRight(Schedule.identity<Told>())
    )
  })

/** Between two questions whether the first request was answered meanwhile. */
const pause = Duration.millis(100)

const claimOf = ({ key, owner, wait }: Question): Option.Option<KeyClaim> =>
  Option.map(key, (key) => ({
    owner,
    ...key,
    open: Option.map(Option.filter(wait, Duration.greaterThan(Duration.zero)), Duration.sum(sealing))
  }))

const submissionOf = (
  { answer, command, owner, by = owner }: Question,
  claim: Option.Option<KeyClaim>,
  lineage: Lineage
): Submission<OrderCommand, State> => ({
  command,
  by,
  lineage,
  origin: Option.match(claim, {
    onNone: () => ({ _tag: "Request" }),
    onSome: (claim) => ({ _tag: "KeyedRequest", claim, answer: (state) => answer(existing(state)) })
  })
})

/** Where everything that follows from this request comes from. */
const lineage = Effect.gen(function*(): Effect.fn.Return<Lineage, never, HttpServerRequest.HttpServerRequest> {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const correlationId = yield* Correlation
  const traceparent = headers["traceparent"] ?? ""
  return {
    causationId: correlationId,
    correlationId,
    ...(isTraceparent(traceparent) ? { traceparent } : {})
  }
})

const isTraceparent = (text: string): boolean =>
  /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text) && !holdsCardNumber(text)

const respond = (question: Question, claim: Option.Option<KeyClaim>, told: Told): Asked =>
  Match.valueTags(told, {
    Done: ({ reply }) =>
      Option.isNone(question.wait)
        ? Effect.succeed(Answers.toResponse(question.answer(existing(reply))))
        : settle(question, claim, existing(reply)),
    Replayed: ({ answer }) => Effect.succeed(Answers.toResponse(answer, { "idempotent-replayed": "true" })),
    Refused: ({ rejection }) => Refusals.refusal(rejection),
    KeyReused: () => Refusals.answer(keyReused, "Use a new key for a new request."),
    KeyInProgress: () => Refusals.answer(keyInProgress, "Ask again shortly.", Refusals.soon),
    Unavailable: ({ reason }) => Refusals.answer(unavailable, reason, Refusals.soon),
    Died: ({ cause }) => Effect.die(Cause.squash(cause)),
    Duplicate: () => Effect.dieMessage("Only messages are duplicates."),
    IdReused: () => Effect.dieMessage("Only messages are duplicates."),
    TooEarly: ({ reason }) => Effect.dieMessage(`Only messages come too early: ${reason}`)
  })

/** Holds the answer until the order is as wished, and makes it the key's last word if a repetition could see another. */
const settle = Effect.fnUntraced(
  function*(question: Question, claim: Option.Option<KeyClaim>, order: Order) {
    const { granted, order: last } = yield* awaited(order, question)
    const answer = question.answer(last)
    const open = Option.filter(claim, ({ open }) => Option.isSome(open))
    const sealed = Option.isNone(open) ? answer : yield* (yield* IdempotencyKeys).seal(open.value, answer)
    return Answers.toResponse(sealed, Preference.applied(granted))
  }
)

/** The order once it is settled, or as it is when the time is up, and the wait that was granted, if one was asked for. */
export const awaited = Effect.fnUntraced(
  function*(order: Order, { owner, settled, wait }: Pick<Question, "owner" | "wait" | "settled">) {
    if (Option.isNone(wait)) return { order, granted: wait }
    const found = yield* Waiting.until(order, { wanted: settled, atMost: wait.value, owner })
    return { order: found.order, granted: Option.some(found.granted) }
  }
)

const existing = (state: State): Order => {
  if (state._tag === "Absent") throw new TypeError("What is not refused is about an order.")
  return state
}
