/** So many requests a second for as long as one likes, and up to `burst` of them at once after a pause. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Whether a request may pass, and what its sender has left. */
export interface Taken {
  readonly granted: boolean
  readonly limit: number
  readonly remaining: number
  /** Seconds until everything is there again; after a refusal, until one more request may pass. */
  readonly resetSeconds: number
}

/** Buckets of tokens by the name of their owner. A bucket that is not there is full. */
export interface TokenBuckets {
  /** Takes a token of the owner's at this moment, in milliseconds. */
  readonly take: (owner: string, now: number) => Taken
  /** How many buckets are kept. */
  readonly size: () => number
}

interface Bucket {
  readonly tokens: number
  readonly at: number
}

/**
 * At most `capacity` buckets, in the order of their last use. One that was not used for so long that it is full again is
 * dropped, since a new one would be the same; when there are too many, the one longest unused goes.
 */
export const make = ({ burst, perSecond }: Rate, capacity = 10_000): TokenBuckets => {
  const buckets = new Map<string, Bucket>()
  const perMillisecond = perSecond / 1000
  const untilFull = burst / perMillisecond

  // Each request adds one bucket at most, so two a time are enough to keep up.
  const dropOldest = (now: number) => {
    let left = 2
    for (const [owner, { at }] of buckets) {
      const isIdle = now - at >= untilFull
      if (left === 0 || !(isIdle || buckets.size > capacity)) return
      buckets.delete(owner)
      left -= 1
    }
  }

  const take = (owner: string, now: number): Taken => {
    const found = buckets.get(owner) ?? { tokens: burst, at: now }
    const tokens = Math.min(burst, found.tokens + Math.max(0, now - found.at) * perMillisecond)
    const granted = tokens >= 1
    const left = granted ? tokens - 1 : tokens
    buckets.delete(owner) // so that it becomes the last in order
    buckets.set(owner, { tokens: left, at: Math.max(now, found.at) })
    dropOldest(now)
    const wanted = granted ? burst - left : 1 - left
    return {
      granted,
      limit: burst,
      remaining: Math.floor(left),
      resetSeconds: Math.max(1, Math.ceil(wanted / perSecond))
    }
  }

  return { take, size: () => buckets.size }
}
