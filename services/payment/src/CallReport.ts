import { Effect, Metric, Option } from "effect"
import Stripe from "stripe"
import * as Breaker from "./Breaker.ts"
import type { Told } from "./Circuit.ts"
import type { ChargeOutcome, RefundOutcome } from "./Outcome.ts"

/** What the provider was asked for. */
export type Operation = "charge" | "retrieve" | "find" | "cancel" | "refund" | "find_refund"

/** What became of a call, in the classes that an operator counts. `none` is no answer at all. */
export type Verdict =
  | "answered"
  | "declined"
  | "in_use"
  | "rate_limited"
  | "server_error"
  | "none"
  | "unreadable"
  | "unauthorized"
  | "our_fault"
  | "refused"

/** Counts a call and tells the breaker. `status` is that of the answer, 0 without one. */
export type Report = (
  operation: Operation,
  outcome: ChargeOutcome | RefundOutcome,
  status: number
) => Effect.Effect<void>

const calls = Metric.counter("payment_provider_calls_total", {
  description: "Calls to the payment provider, by what was asked and what became of it",
  incremental: true
})

/** The HTTP status of the answer that an error of the SDK stands for; 0 without one. */
export const statusOf = (error: unknown): number =>
  error instanceof Stripe.errors.StripeError ? error.statusCode ?? 0 : 0

export const verdictOf = (outcome: ChargeOutcome | RefundOutcome, status: number): Verdict => {
  const { _tag } = outcome
  if (_tag === "OurFault") {
    if (outcome.refuses === "request") return "refused"
    return status === 401 || status === 403 ? "unauthorized" : "our_fault"
  }
  if (status === 402) return "declined"
  if (_tag === "RefundRefused" || (_tag === "ChargeRefused" && Option.isSome(outcome.alert))) return "refused"
  if (_tag !== "Unknown") return "answered"
  if (status === 409) return "in_use"
  if (status === 429) return "rate_limited"
  if (status === 0) return "none"
  return status >= 500 ? "server_error" : "unreadable"
}

const told: Readonly<Record<Verdict, Told>> = {
  answered: "answered",
  declined: "answered",
  in_use: "answered",
  rate_limited: "outage",
  server_error: "outage",
  none: "outage",
  unreadable: "outage",
  unauthorized: "refused",
  our_fault: "faulted",
  // One request was refused, so the others are taken.
  refused: "answered"
}

/**
 * What a call tells the breaker. A key may lack the right to look things up and still charge: then only what wants that right
 * waits, and not everybody.
 */
export const toldBy = (operation: Operation, verdict: Verdict, status: number): Told =>
  status === 403 && operation !== "charge" ? "faulted" : told[verdict]

export const makeReport: Effect.Effect<Report> = Effect.map(
  Breaker.noteIfKept,
  (note): Report => (operation, outcome, status) => {
    const verdict = verdictOf(outcome, status)
    const counted = calls.pipe(Metric.tagged("operation", operation), Metric.tagged("outcome", verdict))
    return Effect.zipRight(Metric.increment(counted), note(toldBy(operation, verdict, status)))
  }
)
