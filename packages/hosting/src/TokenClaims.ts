import type { Principal } from "@quartet/contracts/Authorization"
import { noCardNumber } from "@quartet/contracts/CardNumber"
import type { Context } from "effect"
import { Array, Effect, Schema } from "effect"
import { TokenRefused } from "./TokenRefusals.ts"

/** One text of names with spaces between them (RFC 8693), or a list of names, as other identity providers send them. */
const Names = Schema.optionalWith(Schema.Union(Schema.String, Schema.Array(Schema.String)), { default: () => "" })

const Scopes = Schema.Struct({ scope: Names, scp: Names })

/** Whom a token speaks for: it is kept with what they do, so that a card number cannot be one. */
const Subject = Schema.Struct({
  sub: Schema.NonEmptyString.pipe(Schema.maxLength(255), Schema.filter(noCardNumber)),
  /** Seconds since 1970 (RFC 7519). */
  exp: Schema.Number
})

/** What a token was found to say, and when it ends, in seconds since 1970. */
export interface Verified {
  readonly principal: Context.Tag.Service<Principal>
  readonly expiresAt: number
}

const decodeSubject = Schema.decodeUnknown(Subject)
const decodeScopes = Schema.decodeUnknown(Scopes)

const namesOf = (names: typeof Scopes.Type.scope): ReadonlyArray<string> =>
  (typeof names === "string" ? [names] : names).flatMap((text) => text.split(" ")).filter((name) => name !== "")

/** Reads the claims of a token whose signature is good. */
export const read = (payload: unknown): Effect.Effect<Verified, TokenRefused> =>
  Effect.gen(function*() {
    const { exp, sub } = yield* Effect.mapError(decodeSubject(payload), () => new TokenRefused({ reason: "subject" }))
    const { scope, scp } = yield* Effect.mapError(decodeScopes(payload), () => new TokenRefused({ reason: "scope" }))
    return { principal: { subject: sub, scopes: Array.dedupe([...namesOf(scope), ...namesOf(scp)]) }, expiresAt: exp }
  })
