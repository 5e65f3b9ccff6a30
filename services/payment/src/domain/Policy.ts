import { DateTime, Duration } from "effect"
import type { Look } from "./Charge.ts"

/** How patiently the provider is asked again. */
export interface Policy {
  /** The pause after the first question without an outcome; it doubles from then on. */
  readonly firstPause: Duration.Duration
  /** The longest pause. */
  readonly longestPause: Duration.Duration
  /** The pause after an answer that only we can do something about: a wrong key, say. */
  readonly faultPause: Duration.Duration
  /** How long the customer has for a step such as 3-D Secure before the intent is cancelled. */
  readonly actionDeadline: Duration.Duration
}

export const defaultPolicy: Policy = {
  firstPause: Duration.seconds(1),
  longestPause: Duration.seconds(60),
  faultPause: Duration.minutes(5),
  actionDeadline: Duration.minutes(15)
}

/** The question after the `try`-th one, later each time up to the longest pause. */
export const askAgain = (policy: Policy, asked: number, now: DateTime.Utc): Look => {
  const doubled = Duration.times(policy.firstPause, 2 ** Math.min(asked - 1, 30))
  return { try: asked + 1, due: DateTime.addDuration(now, Duration.min(doubled, policy.longestPause)) }
}

/** The question after one that failed by our own fault. */
export const askSlowly = (policy: Policy, asked: number, now: DateTime.Utc): Look => ({
  try: asked + 1,
  due: DateTime.addDuration(now, policy.faultPause)
})
