import { performance } from "node:perf_hooks"

/** How long a loop rests after a small batch, in milliseconds. */
const rest = { least: 3, most: 25 }

/** From here on the event loop is thought to be short of time, and there to have none left. */
const busy = { from: 0.3, to: 0.7 }

/** The time over which it is found out how busy the event loop is, in milliseconds. */
const window = 250

/** How many batches it takes until what a batch takes is thought to have changed. */
const weight = 8

/**
 * How long to rest after batches that took so long of late, in milliseconds, where the event loop is at work for this share
 * of the time. Each transaction costs about the same whatever its size: so where time is short, the next one should be
 * larger, and where there is time, sooner.
 */
export const restAfter = (took: number, share: number): number => {
  const shortage = Math.min(Math.max((share - busy.from) / (busy.to - busy.from), 0), 1)
  return Math.min(rest.least + took * shortage, rest.most)
}

/** Tells how long to rest after a batch that took so long. */
export const makePace = (): (took: number) => number => {
  let mean = 0
  let share = 0
  let last = performance.eventLoopUtilization()
  return (took) => {
    mean += (took - mean) / weight
    const now = performance.eventLoopUtilization()
    const since = performance.eventLoopUtilization(now, last)
    if (since.active + since.idle >= window) {
      share = since.utilization
      last = now
    }
    return restAfter(mean, share)
  }
}
