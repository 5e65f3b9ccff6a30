import { DateTime, Duration, Option } from "effect"

/**
 * What one call told of the provider: it answers, though it may be with a refusal of this one request (`faulted`: by our
 * own fault); it is away or overrun; or it refuses whatever we ask, as with a wrong API key.
 */
export type Told = "answered" | "faulted" | "outage" | "refused"

export interface CircuitOptions {
  /** So many outages one after the other open the circuit. */
  readonly after: number
  /** How long it stays open at first; it doubles with every probe that fails. */
  readonly firstPause: Duration.Duration
  readonly longestPause: Duration.Duration
  /** How long it stays open when the provider refuses us. */
  readonly faultPause: Duration.Duration
}

/** Questions pass; the last so many found the provider away. */
interface Closed {
  readonly _tag: "Closed"
  readonly outages: number
}

/** No question passes before `until`; it is the `turn`-th time in a row. */
interface Open {
  readonly _tag: "Open"
  readonly until: DateTime.Utc
  readonly turn: number
}

/** One question at a time passes, to see whether the provider is back. */
interface HalfOpen {
  readonly _tag: "HalfOpen"
  readonly probing: boolean
  readonly turn: number
}

/** A circuit breaker. Source: M. Nygard, "Release It!", chapter "Stability Patterns". */
export type Circuit = Closed | Open | HalfOpen

export const closed: Circuit = { _tag: "Closed", outages: 0 }

/** Until when no question passes; the present moment while another one probes. */
export const shutUntil = (circuit: Circuit, now: DateTime.Utc): Option.Option<DateTime.Utc> => {
  if (circuit._tag === "Open" && DateTime.lessThan(now, circuit.until)) return Option.some(circuit.until)
  return circuit._tag === "HalfOpen" && circuit.probing ? Option.some(now) : Option.none()
}

/** A question that may pass does so. */
export const enter = (circuit: Circuit, now: DateTime.Utc): Circuit =>
  circuit._tag === "Closed" || Option.isSome(shutUntil(circuit, now))
    ? circuit
    : { _tag: "HalfOpen", probing: true, turn: circuit.turn }

/** A probe is over, whether the provider was asked or not: the next one may pass. */
export const leave = (circuit: Circuit): Circuit =>
  circuit._tag === "HalfOpen" ? { ...circuit, probing: false } : circuit

/** A call of a question that passed came to its end. What was asked before the circuit opened does not prolong it. */
export const note = (options: CircuitOptions, circuit: Circuit, told: Told, now: DateTime.Utc): Circuit => {
  if (told === "answered" || told === "faulted") return closed
  const turn = circuit._tag === "Closed" ? 0 : circuit.turn
  if (told === "refused") return open(turn, DateTime.addDuration(now, options.faultPause))
  if (circuit._tag === "Open") return circuit
  if (circuit._tag === "Closed" && circuit.outages + 1 < options.after) {
    return { _tag: "Closed", outages: circuit.outages + 1 }
  }
  const pause = Duration.min(Duration.times(options.firstPause, 2 ** Math.min(turn, 30)), options.longestPause)
  return open(turn + 1, DateTime.addDuration(now, pause))
}

const open = (turn: number, until: DateTime.Utc): Circuit => ({ _tag: "Open", until, turn })
