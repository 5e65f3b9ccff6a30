import type { Scope } from "effect"
import { Cause, Effect, Either, FiberSet, Queue } from "effect"
import type { Actor } from "./Actor.ts"
import type { Delivery } from "./Broker.ts"
import { Broker } from "./Broker.ts"
import type { Handler, OutsideWork, Translation } from "./Handler.ts"
import type { Label, Letter, Opened } from "./internal/letters.ts"
import { letterOf, openLetter, understand } from "./internal/letters.ts"
import { makeSettling } from "./internal/settling.ts"
import { takeWaiting } from "./internal/takeWaiting.ts"
import type { Parked } from "./Parking.ts"
import { Parking } from "./Parking.ts"
import * as Retry from "./Retry.ts"
import type { Outcome } from "./Submission.ts"
import * as Worker from "./Worker.ts"

export interface Options<Command, Reply, Rejection> {
  /** Names the queue, and the consumer in `processed_messages`. It is the actor's name. */
  readonly name: string
  readonly actor: Pick<Actor<Command, Reply, Rejection>, "post">
  readonly handlers: ReadonlyArray<Handler<Command>>
  /** How many messages at once may ask somebody outside. They hold up no other message, however long they take. */
  readonly outside?: number
}

/** The most deliveries that are taken from the broker in one turn. */
const groupLimit = 512

/**
 * Takes deliveries, turns them into commands, posts them to the actor, and settles each after its commit. That is plain
 * code for each message; a fiber is forked for what asks somebody outside and for what cannot simply be acknowledged.
 *
 * A message that cannot be read, or is refused, is parked at once; one that fails by itself or came too early is tried
 * again and parked at the attempt limit. An outage burns no attempts: the consumer pauses until it is over.
 */
export const make = Effect.fnUntraced(function*<Command, Reply, Rejection>(
  options: Options<Command, Reply, Rejection>
): Effect.fn.Return<void, never, Broker | Parking | Scope.Scope> {
  const broker = yield* Broker
  const parking = yield* Parking
  const deliveries = yield* broker.deliveries(options.name)
  const fork = yield* FiberSet.makeRuntime<never, void, never>()
  const outside = yield* Effect.makeSemaphore(options.outside ?? 64)
  const handlers = new Map(options.handlers.map((handler) => [handler.type, handler]))
  const settling = makeSettling(options.name, parking)
  // What is decided when the consumer has ended is left to its successor, which finds it handled.
  let ended = false
  yield* Effect.addFinalizer(() => Effect.sync(() => void (ended = true)))
  const decided = (letter: Letter<Command>, outcome: Outcome<Reply, Rejection>): void => {
    if (ended) return
    if (outcome._tag === "Done" || outcome._tag === "Duplicate") letter.delivery.acknowledge()
    else if (outcome._tag === "Unavailable") outage.add(letter)
    else fork(settling.settle(letter, outcome))
  }
  const post = (letter: Letter<Command>, after?: () => void): void =>
    options.actor.post(letter.submission, (outcome) => {
      decided(letter, outcome)
      after?.()
    })
  const outage = yield* makeOutage<Letter<Command>>(
    `Outages of ${options.name}`,
    (letters, after) => letters.forEach((letter) => post(letter, after))
  )

  // A message that fails by itself, also while it is translated, is settled alone.
  const died = (label: Label, cause: Cause.Cause<unknown>) => settling.settle(label, { _tag: "Died", cause })
  const translate = (opened: Opened<Command>, handler: Translation<Command>): void => {
    try {
      const command = handler.translate(opened.envelope)
      if (Either.isRight(command)) post(letterOf(opened, command.right))
      else fork(settling.park(opened, command.left.reason))
    } catch (defect) {
      fork(died(opened, Cause.die(defect)))
    }
  }
  const ask = (opened: Opened<Command>, handler: OutsideWork<Command>): Effect.Effect<void> =>
    understand({ ...opened, handler }).pipe(
      Effect.map((letter) => post(letter)),
      Effect.catchTag("Unreadable", ({ reason }) => settling.park(opened, reason)),
      Effect.catchAllCause((cause) => died(opened, cause)),
      outside.withPermits(1)
    )
  const receive = (delivery: Delivery): void => {
    const letter = openLetter(handlers, delivery)
    if (Either.isRight(letter)) {
      const { handler } = letter.right
      if (handler.asksOutside) fork(ask(letter.right, handler))
      else translate(letter.right, handler)
    } else if (letter.left.reason === undefined) delivery.acknowledge()
    else fork(settling.unopened(letter.left))
  }

  const take = Effect.map(takeWaiting(deliveries, groupLimit), (group) => group.forEach(receive))
  yield* Worker.forever(`Consumer ${options.name}`, Effect.zipRight(outage.over, take))
  const replaying = new Set<string>()
  const replay = Effect.map(parking.requested(options.name), (parked) => {
    for (const one of parked) {
      if (replaying.has(one.id)) continue
      replaying.add(one.id)
      const replayed = Effect.retry(parking.replayed(one), Retry.outagePause).pipe(
        Effect.orDie,
        Effect.ensuring(Effect.sync(() => replaying.delete(one.id)))
      )
      receive(replayOf(one, replayed, () => void fork(replayed)))
    }
  })
  yield* Worker.forever(`Replays of ${options.name}`, Effect.delay(replay, Retry.replayPoll))
})

/** A replayed message has one attempt: if it fails again, it goes on waiting for a person. */
const replayOf = (parked: Parked, replayed: Effect.Effect<void>, acknowledge: () => void): Delivery => ({
  body: parked.envelope,
  ...(parked.encoding === undefined ? {} : { encoding: parked.encoding }),
  attempt: Retry.attemptLimit,
  settle: () => replayed,
  acknowledge
})

/** Deliveries that could not be decided because the database was away. */
interface Outage<Letter> {
  readonly add: (letter: Letter) => void
  /** Waits until there is no outage. */
  readonly over: Effect.Effect<void>
}

/**
 * Keeps what the database was away for and posts it again, at growing intervals, until all of it is decided; meanwhile
 * nothing else is taken. `post` ends once each of its letters has an outcome, which may be that it is added again.
 */
const makeOutage = Effect.fnUntraced(function*<Letter>(
  name: string,
  post: (letters: ReadonlyArray<Letter>, decided: () => void) => void
): Effect.fn.Return<Outage<Letter>, never, Scope.Scope> {
  const latch = yield* Effect.makeLatch(true)
  const begun = yield* Queue.sliding<void>(1)
  let undecided: Array<Letter> = []
  const postAgain = Effect.async<void>((resume) => {
    const letters = undecided
    undecided = []
    let missing = letters.length
    if (missing === 0) return resume(Effect.void)
    return post(letters, () => {
      missing -= 1
      if (missing === 0) resume(Effect.void)
    })
  })
  const untilOver = Effect.repeat(postAgain, { schedule: Retry.outagePause, until: () => undecided.length === 0 })
  const reopen = Effect.sync(() => undecided.length === 0 ? void latch.unsafeOpen() : undefined)
  yield* Worker.forever(name, Queue.take(begun).pipe(Effect.zipRight(untilOver), Effect.zipRight(reopen)))
  return {
    add: (letter) => {
      undecided.push(letter)
      latch.unsafeClose()
      begun.unsafeOffer(undefined)
    },
    over: latch.await
  }
})
