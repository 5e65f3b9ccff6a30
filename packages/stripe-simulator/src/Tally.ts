import { Context, Effect, Layer } from "effect"

/** How often the API was asked, whatever became of it: by idempotency key, and without one by method and URL. */
export interface Counts {
  readonly total: number
  readonly byKey: Readonly<Record<string, number>>
  readonly byUrl: Readonly<Record<string, number>>
}

/** The provider's own count of calls, which no caller can embellish. Of each sort it knows the last 100 000 names. */
export class Tally extends Context.Tag("@quartet/stripe-simulator/Tally")<Tally, {
  readonly add: (key: string | null, method: string, url: string) => void
  readonly counts: Effect.Effect<Counts>
}>() {}

export const layer = Layer.sync(Tally, () => {
  const byKey = new Map<string, number>()
  const byUrl = new Map<string, number>()
  let total = 0
  return Tally.of({
    add: (key, method, url) => {
      total += 1
      count(key === null ? byUrl : byKey, key ?? `${method} ${url}`)
    },
    counts: Effect.sync(() => ({ total, byKey: Object.fromEntries(byKey), byUrl: Object.fromEntries(byUrl) }))
  })
})

const limit = 100_000

/** A name that is counted moves to the end, so that those nobody uses any more are the first to be forgotten. */
const count = (counts: Map<string, number>, name: string): void => {
  const before = counts.get(name) ?? 0
  counts.delete(name)
  counts.set(name, before + 1)
  const oldest = counts.keys().next()
  if (counts.size > limit && oldest.done !== true) {
    counts.delete(oldest.value)
  }
}
