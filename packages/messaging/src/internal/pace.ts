import type { Busy, Shares } from "./shortage.ts"
import { makeShares, shortageOf } from "./shortage.ts"

/** How long a loop rests after a small batch, in milliseconds. */
const rest = { least: 3, most: 50 }

/** Messages can wait a little. Where somebody waits for an answer, a longer rest is worth it only when hardly any time is left. */
const busy = {
  message: { from: 0.6, to: 1 },
  request: { from: 0.75, to: 1 }
} satisfies Record<string, Busy>

/** How many batches it takes until what a batch takes is thought to have changed. */
const weight = 8

/** How long to rest, in milliseconds: while only messages come, and once a request does. */
export interface Rest {
  readonly message: number
  readonly request: number
}

/**
 * How long to rest after batches that took so long of late, in milliseconds, where so much is at work. Each transaction
 * costs about the same whatever its size: so where time is short, the next one should be larger, and where there is time,
 * sooner.
 */
export const restAfter = (took: number, shares: Shares): Rest => {
  const within = (busy: Busy) => Math.min(rest.least + took * shortageOf(shares, busy), rest.most)
  return { message: within(busy.message), request: within(busy.request) }
}

/** Tells how long to rest after a batch that took so long. */
export const makePace = (): (took: number) => Rest => {
  let mean = 0
  const shares = makeShares()
  return (took) => {
    mean += (took - mean) / weight
    return restAfter(mean, shares())
  }
}
