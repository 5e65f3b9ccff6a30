import { Schema } from "effect"
import { Reply } from "./Reply.ts"
import { idempotencyConflict, invalid, keyInUse, type WireError } from "./WireError.ts"

/** Everything that makes two requests the same one: key, path and a digest of the parameters. */
export const Asked = Schema.Struct({ key: Schema.String, path: Schema.String, fingerprint: Schema.String })
export type Asked = typeof Asked.Type

/** The first answer under a key, with the id of the request that got it and the unix second in which it ran. */
export const Remembered = Schema.Struct({
  ...Asked.fields,
  requestId: Schema.String,
  at: Schema.Int,
  reply: Reply
})
export type Remembered = typeof Remembered.Type

/** What to do with a request under a key. */
export type Verdict =
  | { readonly _tag: "Run" }
  | { readonly _tag: "Replay"; readonly first: Remembered }
  | { readonly _tag: "Refuse"; readonly error: WireError }

/** How long an answer is kept, in seconds. Stripe promises at least 24 hours. */
export const keptSeconds = 24 * 60 * 60

export const expired = (remembered: Remembered, now: number): boolean => remembered.at + keptSeconds <= now

/** One effect per key: the first request runs, a later one gets the first one's answer, and a different one is refused. */
export const judge = (
  asked: Asked,
  kept: Remembered | undefined,
  running: Asked | undefined,
  now: number
): Verdict => {
  if (asked.key.length > 255) {
    return refuse(invalid("Idempotency keys can be up to 255 characters long."))
  }
  const first = kept !== undefined && !expired(kept, now) ? kept : undefined
  const earlier = first ?? running
  if (earlier === undefined) {
    return { _tag: "Run" }
  }
  if (earlier.path !== asked.path) {
    return refuse(idempotencyConflict(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${asked.path}' vs ` +
        `'${earlier.path}'). ${tryAnother(asked)}`
    ))
  }
  if (earlier.fingerprint !== asked.fingerprint) {
    return refuse(idempotencyConflict(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. ${
        tryAnother(asked)
      }`
    ))
  }
  return first === undefined ? refuse(keyInUse(asked.key)) : { _tag: "Replay", first }
}

const refuse = (error: WireError): Verdict => ({ _tag: "Refuse", error })

const tryAnother = ({ key }: Asked): string =>
  `Try using a key other than '${key}' if you meant to execute a different request.`
