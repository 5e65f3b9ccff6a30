import { performance } from "node:perf_hooks"

/** How long a loop rests after a small batch, in milliseconds. */
const rest = { least: 3, most: 25 }

/** For what share of the time an event loop is at work that begins to be short of time, and one that has none left. */
export interface Busy {
  readonly from: number
  readonly to: number
}

/** Messages can wait a little. Where somebody waits for an answer, a longer rest is worth it only when hardly any time is left. */
const busy = {
  message: { from: 0.6, to: 1 },
  request: { from: 0.75, to: 1 }
} satisfies Record<string, Busy>

/** The time over which it is found out how busy the event loop is, in milliseconds. */
const window = 250

/** How many batches it takes until what a batch takes is thought to have changed. */
const weight = 8

/** How short of time the event loop is that is at work for this share of the time: from 0, not at all, to 1. */
const shortageAt = (share: number, { from, to }: Busy): number => Math.min(Math.max((share - from) / (to - from), 0), 1)

/** How long to rest, in milliseconds: while only messages come, and once a request does. */
export interface Rest {
  readonly message: number
  readonly request: number
}

/**
 * How long to rest after batches that took so long of late, in milliseconds, where the event loop is at work for this share
 * of the time. Each transaction costs about the same whatever its size: so where time is short, the next one should be
 * larger, and where there is time, sooner.
 */
export const restAfter = (took: number, share: number): Rest => {
  const within = (busy: Busy) => Math.min(rest.least + took * shortageAt(share, busy), rest.most)
  return { message: within(busy.message), request: within(busy.request) }
}

/** Tells for what share of the time the event loop was at work of late. */
const makeShare = (): () => number => {
  let share = 0
  let last = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const since = performance.eventLoopUtilization(now, last)
    if (since.active + since.idle >= window) {
      share = since.utilization
      last = now
    }
    return share
  }
}

/** Tells how short of time the event loop was of late: from 0, not at all, to 1. */
export const makeShortage = (busy: Busy): () => number => {
  const share = makeShare()
  return () => shortageAt(share(), busy)
}

/** Tells how long to rest after a batch that took so long. */
export const makePace = (): (took: number) => Rest => {
  let mean = 0
  const share = makeShare()
  return (took) => {
    mean += (took - mean) / weight
    return restAfter(mean, share())
  }
}
