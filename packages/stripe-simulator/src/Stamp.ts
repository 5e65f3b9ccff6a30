import { Clock, Effect } from "effect"
import { randomBytes } from "node:crypto"

/** Everything a decision may not make up itself: the time, in unix seconds, what its new ids are made of, and who asks in which version. */
export interface Stamp {
  readonly now: number
  readonly nonce: string
  readonly secret: string
  readonly requestId: string
  readonly key: string | null
  /** The version of the API, a date first: `2026-10-28.endive`. */
  readonly version: string
}

export const make = Effect.fn("Stamp.make")(function*(key: string | null, version: string) {
  const now = yield* Clock.currentTimeMillis
  const letters = Array.from(randomBytes(62), (byte) => alphabet[byte % alphabet.length] ?? "0").join("")
  const stamp: Stamp = {
    now: Math.floor(now / 1000),
    nonce: letters.slice(0, 23),
    secret: letters.slice(23, 48),
    requestId: `req_${letters.slice(48)}`,
    key,
    version
  }
  return stamp
})

/** An id such as `pi_3…`; one request makes at most one object of a kind. */
export const idOf = (stamp: Stamp, prefix: string): string => `${prefix}${stamp.nonce}`

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
