import { DateTime, Duration, Option } from "effect"
import type { Look } from "./Charge.ts"

/** How patiently the provider is asked again. */
export interface Policy {
  /** The pause after the first question without an outcome; it doubles from then on. */
  readonly firstPause: Duration.Duration
  /** The longest pause of the first hour or so. */
  readonly longestPause: Duration.Duration
  /** The pause after an answer that only we can do something about: a wrong key, say. */
  readonly faultPause: Duration.Duration
  /** How long the customer has for a step such as 3-D Secure before the intent is cancelled. */
  readonly actionDeadline: Duration.Duration
  /** The most requests that the questions about one charge may cost, and those about its cancellation, repetitions included. */
  readonly callsPerAttempt: number
  /** The version of the provider's API in which new charges are asked for. */
  readonly apiVersion: string
}

export const defaultPolicy: Policy = {
  firstPause: Duration.seconds(1),
  longestPause: Duration.seconds(60),
  faultPause: Duration.minutes(5),
  actionDeadline: Duration.minutes(15),
  callsPerAttempt: 400,
  apiVersion: "2026-10-28.endive"
}

/** A question is a call and at most one look-up, and the SDK repeats either once when its connection breaks off (H57). */
export const callsPerQuestion = 4

/** How many questions the budget is enough for: each counts as much as it may cost (H71). */
export const questions = ({ callsPerAttempt }: Policy): number => Math.floor(callsPerAttempt / callsPerQuestion)

/** After so many questions, with the defaults about an hour, the pauses grow beyond the longest one, up to sixty of them. */
const patient = 60

/**
 * The question after the `try`-th one, later each time up to the longest pause. What nobody knows after an hour is not found
 * out by asking every minute: a refund may be pending for days.
 */
export const askAgain = (policy: Policy, asked: number, now: DateTime.Utc): Look => {
  const pause = asked <= patient
    ? growing(policy.firstPause, asked - 1, policy.longestPause)
    : growing(policy.longestPause, asked - patient, Duration.times(policy.longestPause, 60))
  return { try: asked + 1, due: DateTime.addDuration(now, pause) }
}

/** The question after one that failed by our own fault. */
export const askSlowly = (policy: Policy, asked: number, now: DateTime.Utc): Look => ({
  try: asked + 1,
  due: DateTime.addDuration(now, policy.faultPause)
})

/** The question, unless the budget is spent: then there is none. */
export const affordable = (policy: Policy, look: Look): Option.Option<Look> =>
  look.try > questions(policy) ? Option.none() : Option.some(look)

export interface Putting {
  /** How often it was put off before. */
  readonly times: number
  readonly notBefore: Option.Option<DateTime.Utc>
  readonly spread: number
  readonly now: DateTime.Utc
}

/**
 * When a question that could not be asked is due again. Those of an hour's outage come back over several of the longest
 * pauses and each at a time of its own, so that waiting costs little and its end is no storm (H69).
 */
export const putOffUntil = (policy: Policy, { notBefore, now, spread, times }: Putting): DateTime.Utc => {
  const pause = growing(policy.firstPause, times, Duration.times(policy.longestPause, 4))
  const soonest = DateTime.addDuration(now, Duration.times(pause, (1 + spread) / 2))
  const allowed = Option.map(notBefore, (at) => DateTime.addDuration(at, Duration.times(policy.firstPause, spread)))
  return Option.match(allowed, { onNone: () => soonest, onSome: (at) => DateTime.max(at, soonest) })
}

const growing = (first: Duration.Duration, doublings: number, longest: Duration.Duration): Duration.Duration =>
  Duration.min(Duration.times(first, 2 ** Math.min(doublings, 30)), longest)
