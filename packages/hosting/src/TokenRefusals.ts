import { Data, Effect } from "effect"
import { errors } from "jose"

/** Why a token was refused: for the log, never for the caller, and never with anything of the token's own. */
export type Reason =
  | "absent"
  | "algorithm"
  | "audience"
  | "expired"
  | "issuer"
  | "malformed"
  | "missing claim"
  | "not yet valid"
  | "scope"
  | "signature"
  | "subject"
  | "unknown key"

export class TokenRefused extends Data.TaggedError("TokenRefused")<{ readonly reason: Reason }> {}

const byClaim: Readonly<Record<string, Reason>> = {
  aud: "audience",
  exp: "expired",
  iss: "issuer",
  nbf: "not yet valid",
  sub: "subject"
}

/** What the library's error says of the token. */
export const reasonOf = (error: unknown): Reason => {
  if (error instanceof errors.JWTExpired) return "expired"
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === "missing" ? "missing claim" : byClaim[error.claim] ?? "malformed"
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature"
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return "unknown key"
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return "algorithm"
  return "malformed"
}

/** Of each reason one line in so many milliseconds, however many tokens are refused: whoever sends them must not fill the log. */
const silence = 10_000

/** Logs that a token was refused and why; the line says how many of the same reason had none since the last. */
export const reporter = Effect.sync(() => {
  const told = new Map<Reason, { readonly until: number; unsaid: number }>()
  return (reason: Reason): Effect.Effect<void> =>
    Effect.clockWith((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const last = told.get(reason)
      if (last !== undefined && now < last.until) {
        last.unsaid++
        return Effect.void
      }
      told.set(reason, { until: now + silence, unsaid: 0 })
      const unreported = last?.unsaid ?? 0
      return Effect.annotateLogs(Effect.logWarning("A bearer token was refused."), { reason, unreported })
    })
})
