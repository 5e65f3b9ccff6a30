import { Context, Effect, Layer, Schema } from "effect"
import type { Quirk } from "./Attempt.ts"

/**
 * Bad luck that passes: whoever asks again in time learns the truth. `…_before` happens before the call has any effect, `…_after` when
 * it has had it; `hang` holds the call back for `delayMs` before it runs, whether or not the caller is still there.
 */
export const Passing = Schema.Literal(
  "error_before",
  "error_after",
  "reset_before",
  "reset_after",
  "hang",
  "rate_limit",
  "lock_timeout",
  "non_json",
  "in_use"
)

/**
 * A way to misbehave. Of those that do not pass, two refuse our key (`unauthorized`, `forbidden`), and three make something else of a
 * charge that the card would have allowed: it is only `processing`, or only reserved, or made of `other_amount`.
 */
export const Kind = Schema.Literal(
  ...Passing.literals,
  "unauthorized",
  "forbidden",
  "processing",
  "requires_capture",
  "other_amount"
)
export type Kind = typeof Kind.Type

/** What a charge turns into, where that is what this fault is about. */
export const quirkOf = (fault: Injection | undefined): Quirk | undefined => {
  const kind = fault?.fault
  return kind === "processing" || kind === "requires_capture" || kind === "other_amount" ? kind : undefined
}

/** Whether a fault of this kind can befall such a call at all. */
export const suits = (kind: Kind, method: string, path: string): boolean => {
  switch (kind) {
    case "in_use":
      return method === "POST"
    case "processing":
    case "requires_capture":
    case "other_amount":
      return method === "POST" && /^\/v1\/payment_intents(\/[^/]+\/confirm)?$/.test(path)
    default:
      return true
  }
}

/** Which calls: any, unless method or path say otherwise. A segment `*` in the path stands for any one segment. */
export const Match = Schema.Struct({
  method: Schema.optional(Schema.String),
  path: Schema.optional(Schema.String)
})

/** The body of `POST /_simulator/faults`. Without `times` it happens once. */
export const Injection = Schema.Struct({
  match: Schema.optionalWith(Match, { default: () => ({}) }),
  fault: Kind,
  times: Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { default: () => 1 }),
  delayMs: Schema.optional(Schema.Int.pipe(Schema.between(0, 600_000)))
})
export type Injection = typeof Injection.Type

/** What stands to happen, and how many calls were hit since the start. */
export interface Status {
  readonly injected: number
  readonly byFault: Readonly<Record<string, number>>
  readonly faults: ReadonlyArray<Injection>
}

export class Faults extends Context.Tag("@quartet/stripe-simulator/Faults")<Faults, {
  /** False when a thousand faults are standing already. */
  readonly add: (injection: Injection) => Effect.Effect<boolean>
  /** Forgets the standing faults; the counters stay. */
  readonly clear: Effect.Effect<void>
  readonly status: Effect.Effect<Status>
  /** The first standing fault that fits this call, one time less. */
  readonly take: (method: string, path: string) => Effect.Effect<Injection | undefined>
}>() {}

export const layer = Layer.sync(Faults, () => {
  let faults: ReadonlyArray<Injection> = []
  const counts = new Map<string, number>()
  return Faults.of({
    add: Effect.fn("Faults.add")((injection) =>
      Effect.sync(() => {
        const room = faults.length < standingLimit
        faults = room ? [...faults, injection] : faults
        return room
      })
    ),
    clear: Effect.sync(() => {
      faults = []
    }),
    status: Effect.sync(() => ({
      injected: [...counts.values()].reduce((sum, count) => sum + count, 0),
      byFault: Object.fromEntries(counts),
      faults
    })),
    take: Effect.fn("Faults.take")((method, path) =>
      Effect.sync(() => {
        const taken = faults.find((fault) => fits(fault, method, path))
        if (taken !== undefined) {
          faults = spend(faults, taken)
          counts.set(taken.fault, (counts.get(taken.fault) ?? 0) + 1)
        }
        return taken
      })
    )
  })
})

/** How long the call waits before it runs, in milliseconds. A hang outlasts the SDK's own time-out of 80 seconds unless told otherwise. */
export const delayOf = (fault: Injection | undefined): number =>
  fault === undefined ? 0 : fault.delayMs ?? (fault.fault === "hang" ? 90_000 : 0)

export const fits = ({ fault, match }: Injection, method: string, path: string): boolean =>
  suits(fault, method, path) &&
  (match.method === undefined || match.method.toUpperCase() === method) &&
  (match.path === undefined || samePath(match.path.split("/"), path.split("/")))

const standingLimit = 1000

const samePath = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>): boolean =>
  pattern.length === path.length && pattern.every((segment, index) => segment === "*" || segment === path[index])

const spend = (faults: ReadonlyArray<Injection>, taken: Injection): ReadonlyArray<Injection> =>
  faults.flatMap((fault) => {
    if (fault !== taken) {
      return [fault]
    }
    return fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : []
  })
