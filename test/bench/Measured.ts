import { Clock, Console, Effect } from "effect"

/** One line of the report: what was reached beside what it is compared with, in the same run on the same machine. */
export interface Measured {
  readonly what: string
  readonly ours: string
  readonly baseline: string
  /** `undefined` where the goal is an absolute bound. */
  readonly ratio: number | undefined
  readonly goal: string
  readonly reached: boolean
}

/** Something compared with a baseline; both are rates, so more is better. */
export const rate = (what: string, unit: string, ours: number, baseline: number, goal: number): Measured => ({
  what,
  ours: `${Math.round(ours).toLocaleString("en")} ${unit}`,
  baseline: `${Math.round(baseline).toLocaleString("en")} ${unit}`,
  ratio: ours / baseline,
  goal: `at least ${goal} times`,
  reached: ours >= goal * baseline
})

/** Something compared with a baseline of which less is better: time, or what is used up. */
export const cost = (what: string, unit: string, ours: number, baseline: number, goal: number): Measured => ({
  what,
  ours: `${ours.toFixed(2)} ${unit}`,
  baseline: `${baseline.toFixed(2)} ${unit}`,
  ratio: ours / baseline,
  goal: `at most ${goal} times`,
  reached: ours <= goal * baseline
})

/** Something that must stay below a bound. */
export const bound = (what: string, unit: string, ours: number, goal: number): Measured => ({
  what,
  ours: `${ours < 10 ? ours.toFixed(2) : Math.round(ours).toLocaleString("en")} ${unit}`,
  baseline: "",
  ratio: undefined,
  goal: `under ${goal.toLocaleString("en")} ${unit}`,
  reached: ours < goal
})

/** How often something of `count` parts was done in a second. */
export const perSecond = <E, R>(count: number, work: Effect.Effect<unknown, E, R>): Effect.Effect<number, E, R> =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeNanos
    yield* work
    return count / (Number((yield* Clock.currentTimeNanos) - began) / 1e9)
  })

/** The value below which this share of all values lies. */
export const percentile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)

const line = ({ baseline, goal, ours, ratio, reached, what }: Measured): string =>
  [
    reached ? "  ok " : "  -- ",
    what.padEnd(58),
    ours.padStart(16),
    (baseline === "" ? "" : `against ${baseline}`).padStart(24),
    (ratio === undefined ? "" : `${ratio.toFixed(ratio < 3 ? 2 : 1)} x`).padStart(10),
    `   ${goal}`
  ].join("")

/** Prints results as they come. */
export const print = (title: string, results: ReadonlyArray<Measured>): Effect.Effect<void> =>
  Console.log([`\n${title}`, ...results.map(line)].join("\n"))
