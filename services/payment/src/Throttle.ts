import * as Settings from "@quartet/hosting/Settings"
import type { Scope } from "effect"
import { Config, Context, Effect, Layer, Option, RateLimiter } from "effect"

/** `fresh`: asked for the first time just now. `backlog`: asked again, or put off before. */
export type Lane = "fresh" | "backlog"

/**
 * How much is asked of the provider: so many calls a second and so many at a time. What was put off may have half of
 * either, so that new payments do not wait behind an old backlog.
 */
export class Throttle extends Context.Tag("@quartet/payment/Throttle")<Throttle, {
  /** Whether it was our turn soon enough. A place among those that are asked at a time is kept until the scope ends. */
  readonly turn: (lane: Lane) => Effect.Effect<boolean, never, Scope.Scope>
  /** Whether another call of the same question may follow: it keeps its place, and counts like every other call. */
  readonly another: Effect.Effect<boolean>
}>() {}

/** The most calls that are under way at a time. */
export const callsInFlight = Settings.whole("PAYMENT_CALLS_IN_FLIGHT", 100, { from: 2, to: 10_000 })

export const settings = Config.all({
  inFlight: callsInFlight,
  perSecond: Settings.whole("PAYMENT_CALLS_PER_SECOND", 100, { from: 2, to: 1000 })
})

/** Longer than this a question waits in the database and not in memory, where it would be an unsettled message. */
const patience = "1 second"

const inTime = (turn: Effect.Effect<void, never, Scope.Scope>) =>
  Effect.map(Effect.timeoutOption(turn, patience), Option.isSome)

/** A place until the scope ends. Whoever stops waiting has none to give back. */
const place = (places: Effect.Semaphore) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(restore(places.take(1)), Effect.addFinalizer(() => places.release(1)))
  )

const half = (all: number) => Math.ceil(all / 2)

export const layer = Layer.scoped(
  Throttle,
  Effect.gen(function*() {
    const { inFlight, perSecond } = yield* settings
    const places = yield* Effect.makeSemaphore(inFlight)
    const backlogPlaces = yield* Effect.makeSemaphore(half(inFlight))
    const every = { interval: "1 second" } as const
    const pace = yield* RateLimiter.make({ limit: perSecond, ...every })
    const backlogPace = yield* RateLimiter.make({ limit: half(perSecond), ...every })
    const fresh = Effect.zipRight(place(places), pace(Effect.void))
    const backlog = Effect.all([place(backlogPlaces), backlogPace(Effect.void), fresh], { discard: true })
    return Throttle.of({
      turn: (lane) => inTime(lane === "fresh" ? fresh : backlog),
      another: Effect.scoped(inTime(pace(Effect.void)))
    })
  })
)
