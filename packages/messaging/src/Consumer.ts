import type { Duration, Scope } from "effect"
import { Effect, Either, FiberSet, identity } from "effect"
import type { Actor } from "./Actor.ts"
import type { Delivery } from "./Broker.ts"
import { Broker } from "./Broker.ts"
import type { Handler } from "./Handler.ts"
import type { Letter, Opened } from "./internal/letters.ts"
import { openLetter, understand } from "./internal/letters.ts"
import type { Settling } from "./internal/settling.ts"
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
  readonly actor: Pick<Actor<Command, Reply, Rejection>, "submit">
  readonly handlers: ReadonlyArray<Handler<Command>>
  /** The most deliveries that are handed to the actor together. */
  readonly batch?: number
  /** How long a group waits for others to join it; none where somebody waits for what comes of it. */
  readonly linger?: Duration.Duration
  /** How many such groups are under way at once. */
  readonly workers?: number
  /** How many messages at once may ask somebody outside. They hold up nobody else, however long they take. */
  readonly outside?: number
}

/**
 * Takes deliveries, turns them into commands, hands them to the actor, and settles each after its commit.
 *
 * A message that cannot be read, or is refused, is parked at once; one that fails by itself or came too early is tried
 * again and parked at the attempt limit. An outage burns no attempts: the group waits for its end.
 */
export const make = Effect.fnUntraced(function*<Command, Reply, Rejection>(
  options: Options<Command, Reply, Rejection>
): Effect.fn.Return<void, never, Broker | Parking | Scope.Scope> {
  const broker = yield* Broker
  const parking = yield* Parking
  const deliveries = yield* broker.deliveries(options.name)
  const handle = makeHandle(options, parking)
  const fork = yield* FiberSet.makeRuntime<never, void, never>()
  const outside = yield* Effect.makeSemaphore(options.outside ?? 64)
  const aside = (work: Effect.Effect<void>) => Effect.sync(() => void fork(outside.withPermits(1)(work)))
  const take = takeWaiting(deliveries, options.batch ?? 256, options.linger)
  const replay = Effect.flatMap(
    parking.requested(options.name),
    (parked) =>
      Effect.forEach(parked, (one) => handle([replayOf(parking, one)], identity), { concurrency: 8, discard: true })
  )

  for (let worker = 0; worker < (options.workers ?? 4); worker++) {
    yield* Worker.forever(`Consumer ${options.name}`, Effect.flatMap(take, (group) => handle(group, aside)))
  }
  yield* Worker.forever(`Replays of ${options.name}`, Effect.delay(replay, Retry.replayPoll))
})

/** A replayed message has one attempt: if it fails again, it goes on waiting for a person. */
const replayOf = (parking: Parking["Type"], parked: Parked): Delivery => ({
  body: parked.envelope,
  ...(parked.encoding === undefined ? {} : { encoding: parked.encoding }),
  attempt: Retry.attemptLimit,
  settle: () => Effect.retry(parking.replayed(parked), Retry.outagePause).pipe(Effect.orDie)
})

const makeHandle = <Command, Reply, Rejection>(
  options: Options<Command, Reply, Rejection>,
  parking: Parking["Type"]
) => {
  const handlers = new Map(options.handlers.map((handler) => [handler.type, handler]))
  const settling = makeSettling(options.name, parking)
  const decide = makeDecide(options.actor, settling)

  /** A message that fails by itself, also while it is translated, is settled alone. */
  const translate = (opened: Opened<Command>): Effect.Effect<ReadonlyArray<Letter<Command>>> =>
    understand(opened).pipe(
      Effect.map(Array.of),
      Effect.catchTag("Unreadable", ({ reason }) => Effect.as(settling.park(opened, reason), [])),
      Effect.catchAllCause((cause) => Effect.as(settling.settle(opened, { _tag: "Died", cause }), []))
    )

  return Effect.fnUntraced(function*(
    deliveries: ReadonlyArray<Delivery>,
    aside: (work: Effect.Effect<void>) => Effect.Effect<void>
  ) {
    const letters: Array<Letter<Command>> = []
    for (const delivery of deliveries) {
      const letter = openLetter(handlers, delivery)
      if (Either.isLeft(letter)) yield* settling.unopened(letter.left)
      else if (letter.right.handler.asksOutside) yield* aside(Effect.flatMap(translate(letter.right), decide))
      else letters.push(...(yield* translate(letter.right)))
    }
    yield* decide(letters)
  })
}

/** Hands over what is undecided until all of it is decided; pauses while the database is away. */
const makeDecide = <Command, Reply, Rejection>(
  actor: Pick<Actor<Command, Reply, Rejection>, "submit">,
  settling: Settling
) =>
(letters: ReadonlyArray<Letter<Command>>): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (letters.length === 0) return Effect.void
    let undecided = letters
    const attempt = Effect.gen(function*() {
      const outcomes = yield* actor.submit(undecided.map(({ submission }) => submission))
      const told = undecided.map((letter, index) => ({ letter, outcome: outcomes[index] ?? untold }))
      for (const { letter, outcome } of told) {
        if (outcome._tag !== "Unavailable") yield* settling.settle(letter, outcome)
      }
      undecided = told.flatMap(({ letter, outcome }) => outcome._tag === "Unavailable" ? [letter] : [])
    })
    return Effect.repeat(attempt, { schedule: Retry.outagePause, while: () => undecided.length > 0 })
  })

const untold: Outcome<never, never> = { _tag: "Unavailable", reason: "No outcome was told." }
