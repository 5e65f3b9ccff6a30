import * as Health from "@quartet/hosting/Health"
import * as Settings from "@quartet/hosting/Settings"
import type { Scope } from "effect"
import { Config, Context, DateTime, Effect, Layer, Metric, Option, Ref } from "effect"
import type { Told } from "./Circuit.ts"
import * as Circuit from "./Circuit.ts"
import { defaultPolicy } from "./domain/Policy.ts"

/**
 * Knows whether the provider is there, by what calls told of it, and keeps questions from one that is away or refuses us.
 * Its state is a metric, and told in the log whenever it changes.
 */
export class Breaker extends Context.Tag("@quartet/payment/Breaker")<Breaker, {
  /** Until when the provider is left alone, if it is. */
  readonly shut: Effect.Effect<Option.Option<DateTime.Utc>>
  /** Lets a question pass until the scope ends, or says until when none passes. */
  readonly enter: Effect.Effect<Option.Option<DateTime.Utc>, never, Scope.Scope>
  /** What a call told. */
  readonly note: (told: Told) => Effect.Effect<void>
  /** False from a call after which everything is refused, until one succeeds: a person has to look. */
  readonly trusted: Effect.Effect<boolean>
}>() {}

/** Tells the breaker where there is one; a gateway may also be used without. */
export const noteIfKept: Effect.Effect<(told: Told) => Effect.Effect<void>> = Effect.map(
  Effect.serviceOption(Breaker),
  Option.match({ onNone: () => () => Effect.void, onSome: ({ note }) => note })
)

/** As it is shown where readiness is: the word that a person sees when it is red. */
export const check = "payment.provider takes our calls"

const gauge = Metric.gauge("payment_breaker_state", {
  description: "Whether the payment provider is asked: 0 it is, 1 one question at a time, 2 it is left alone"
})

const numbers = { Closed: 0, HalfOpen: 1, Open: 2 } satisfies Record<Circuit.Circuit["_tag"], number>

const tell = (state: Circuit.Circuit, told?: Told): Effect.Effect<void> => {
  if (state._tag === "Closed") return Effect.logInfo("The payment provider answers again; it is asked as usual.")
  if (state._tag === "HalfOpen") return Effect.logInfo("One question goes out to see whether the provider is back.")
  const until = Effect.annotateLogs({ until: DateTime.formatIso(state.until) })
  return told === "refused"
    ? until(Effect.logError("The payment provider refuses whatever we ask, as with a wrong key; payments wait."))
    : until(Effect.logWarning("The payment provider is away; payments wait."))
}

/** When the provider counts as away, and how long it is then left alone. */
export const settings = Config.all({
  after: Settings.whole("PAYMENT_BREAKER_AFTER", 10, { from: 1, to: 10_000 }),
  firstPause: Settings.time("PAYMENT_BREAKER_PAUSE", "5 seconds"),
  longestPause: Settings.time("PAYMENT_LONGEST_PAUSE", defaultPolicy.longestPause),
  faultPause: Settings.time("PAYMENT_FAULT_PAUSE", defaultPolicy.faultPause)
})

const make = Effect.gen(function*() {
  const options = yield* settings
  const state = yield* Ref.make(Circuit.closed)
  const trusted = yield* Ref.make(true)
  yield* Metric.set(gauge, numbers.Closed)

  const changed = (before: Circuit.Circuit, after: Circuit.Circuit, told?: Told): Effect.Effect<void> =>
    before._tag === after._tag
      ? Effect.void
      : Effect.zipRight(Metric.set(gauge, numbers[after._tag]), tell(after, told))

  const become = (step: (before: Circuit.Circuit, now: DateTime.Utc) => Circuit.Circuit, told?: Told) =>
    Effect.gen(function*() {
      const now = yield* DateTime.now
      const { after, before } = yield* Ref.modify(state, (before) => {
        const after = step(before, now)
        return [{ before, after }, after]
      })
      yield* changed(before, after, told)
      return { before, after, now }
    })
  const shut = Effect.zipWith(Ref.get(state), DateTime.now, Circuit.shutUntil)
  // What was true before it entered decides, in one step with it: of many that come at once, one is let through.
  const enter = Effect.uninterruptible(Effect.gen(function*() {
    const { after, before, now } = yield* become(Circuit.enter)
    const until = Circuit.shutUntil(before, now)
    // Whoever entered while all was well is no probe, and ends none.
    const isProbe = Option.isNone(until) && after._tag === "HalfOpen"
    if (isProbe) yield* Effect.addFinalizer(() => become(Circuit.leave))
    return until
  }))
  return Breaker.of({
    shut,
    enter,
    note: (told) =>
      Effect.zipRight(
        told === "outage" ? Effect.void : Ref.set(trusted, told === "answered"),
        Effect.asVoid(become((before, now) => Circuit.note(options, before, told, now), told))
      ),
    trusted: Ref.get(trusted)
  })
})

export const layer = Layer.scoped(
  Breaker,
  Effect.tap(make, (breaker) => Health.registerIfKept(check, breaker.trusted))
)
