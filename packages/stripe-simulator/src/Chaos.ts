import { Context, Effect, Layer, Random, Schema } from "effect"
import { type Injection, Kind, Passing, suits } from "./Faults.ts"

const Probability = Schema.Number.pipe(Schema.between(0, 1))

const never = Schema.optionalWith(Probability, { default: () => 0 })

/** How likely it is that an event is lost, sent twice, sent `lateMs` later, or overtaken by what comes after it. */
const Odds = Schema.Struct({
  lost: never,
  duplicated: never,
  late: never,
  reordered: never,
  lateMs: Schema.optionalWith(Schema.Int.pipe(Schema.between(0, 600_000)), { default: () => 2000 })
}).pipe(
  Schema.filter(({ duplicated, late, lost, reordered }) =>
    lost + duplicated + late + reordered < 1 + Number.EPSILON * 4 || "these odds come to more than 1"
  )
)
type Odds = typeof Odds.Type

const calm: Odds = { lost: 0, duplicated: 0, late: 0, reordered: 0, lateMs: 2000 }

/** The body of `POST /_simulator/chaos`: `faults` is how likely it is that a call meets one of these kinds. */
export const Settings = Schema.Struct({
  seed: Schema.optionalWith(Schema.Int, { default: () => 0 }),
  faults: never,
  kinds: Schema.optionalWith(Schema.NonEmptyArray(Kind), { default: () => Passing.literals }),
  hangMs: Schema.optionalWith(Schema.Int.pipe(Schema.between(0, 600_000)), { default: () => 3000 }),
  webhooks: Schema.optionalWith(Odds, { default: () => calm })
})
export type Settings = typeof Settings.Type

/** What becomes of one event. */
export interface Fate {
  readonly _tag: "told" | "lost" | "duplicated" | "late" | "reordered"
  readonly delayMs: number
}

export const told: Fate = { _tag: "told", delayMs: 0 }

export interface Status extends Omit<Settings, "webhooks"> {
  readonly odds: Odds
  /** How many calls were hit, by kind, and how many events, since this chaos began. */
  readonly struck: Readonly<Record<string, number>>
  readonly webhooks: Readonly<Record<string, number>>
}

/**
 * Bad luck by the dice. The n-th call and the n-th event of a chaos meet what its seed says, whatever was asked in between; which call
 * is the n-th is up to those who call. It is forgotten with the process.
 */
export class Chaos extends Context.Tag("@quartet/stripe-simulator/Chaos")<Chaos, {
  /** Throws the dice anew, and counts from nothing. */
  readonly begin: (settings: Settings) => Effect.Effect<void>
  /** No more bad luck; the counts stay. */
  readonly end: Effect.Effect<void>
  readonly status: Effect.Effect<Status>
  /** What befalls this call, if anything does. */
  readonly strike: (method: string, path: string) => Effect.Effect<Injection | undefined>
  readonly fates: (count: number) => Effect.Effect<ReadonlyArray<Fate>>
}>() {}

export const layer = Layer.sync(Chaos, () => {
  let now = throwDice(quiet)
  return Chaos.of({
    begin: Effect.fn("Chaos.begin")((settings) =>
      Effect.sync(() => {
        now = throwDice(settings)
      })
    ),
    end: Effect.sync(() => {
      now = { ...now, settings: { ...now.settings, faults: 0, webhooks: calm } }
    }),
    status: Effect.sync(() => {
      const { settings: { webhooks: odds, ...settings }, struck, webhooks } = now
      return { ...settings, odds, struck: Object.fromEntries(struck), webhooks: Object.fromEntries(webhooks) }
    }),
    strike: Effect.fn("Chaos.strike")((method, path) => strike(now, method, path)),
    fates: Effect.fn("Chaos.fates")((count) => Effect.replicateEffect(Effect.suspend(() => fate(now)), count))
  })
})

const quiet: Settings = { seed: 0, faults: 0, kinds: Passing.literals, hangMs: 3000, webhooks: calm }

interface Game {
  readonly settings: Settings
  /** Dice of their own, so that the number of events does not decide about calls. */
  readonly calls: Random.Random
  readonly events: Random.Random
  readonly struck: Map<string, number>
  readonly webhooks: Map<string, number>
}

const throwDice = (settings: Settings): Game => ({
  settings,
  calls: Random.make(`${settings.seed} calls`),
  events: Random.make(`${settings.seed} events`),
  struck: new Map(),
  webhooks: new Map()
})

const strike = ({ calls, settings, struck }: Game, method: string, path: string) =>
  Effect.map(Effect.all([calls.next, calls.next]), ([luck, choice]): Injection | undefined => {
    const possible = settings.kinds.filter((kind) => suits(kind, method, path))
    const fault = possible[Math.floor(choice * possible.length)]
    if (luck >= settings.faults || fault === undefined) {
      return undefined
    }
    count(struck, fault)
    return { match: {}, fault, times: 1, ...(fault === "hang" ? { delayMs: settings.hangMs } : {}) }
  })

const fate = ({ events, settings: { webhooks: odds }, webhooks }: Game) =>
  Effect.map(events.next, (luck): Fate => {
    let left = luck
    const drawn = (["lost", "duplicated", "late", "reordered"] as const).find((one) => (left -= odds[one]) < 0)
    if (drawn === undefined) {
      return told
    }
    count(webhooks, drawn)
    return { _tag: drawn, delayMs: drawn === "late" ? odds.lateMs : 0 }
  })

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
