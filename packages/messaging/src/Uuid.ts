import { randomFillSync } from "node:crypto"
import { v7 } from "uuid"

/** Random bytes for so many ids are drawn at once: to draw them costs the same for one id as for all of them. */
const ids = 256
const bytesOfOne = 16

const pool = new Uint8Array(ids * bytesOfOne)
let used = pool.length

const drawn = (): Uint8Array => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = pool.subarray(used, used + bytesOfOne)
  used += bytesOfOne
  return bytes
}

/** The millisecond of the last id, and its place within it. */
const last = { msecs: 0, seq: 0 }

/** The highest place within one millisecond. */
const mostSeq = 2 ** 32 - 1

const moveOn = (now: number, random: Uint8Array): void => {
  if (now > last.msecs) {
    last.msecs = now
    // Half of the places are left for those that come in the same millisecond.
    last.seq = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1
  } else if (last.seq < mostSeq) {
    last.seq += 1
  } else {
    last.msecs += 1
    last.seq = 0
  }
}

/** A UUID of version 7, in lower case; those of one process sort in the order they were made. Source: RFC 9562, §6.2. */
export const fresh = (): string => {
  const random = drawn()
  // The layout asks for the time of day, and whoever makes an id need not be an effect.
  // @effect-diagnostics-next-line globalDate:off
  moveOn(Date.now(), random)
  return v7({ random, msecs: last.msecs, seq: last.seq })
}
