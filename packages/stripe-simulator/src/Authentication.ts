import { Either, Option, Redacted } from "effect"
import { unauthenticated, type WireError } from "./WireError.ts"

/**
 * A secret test key, sent as a bearer token or as the user of Basic authentication with a blank password. Without a configured key any
 * `sk_test_…` will do.
 */
export const check = (
  authorization: string | undefined,
  expected: Option.Option<Redacted.Redacted>
): Either.Either<void, WireError> => {
  const key = keyOf(authorization ?? "")
  if (key === "") {
    return Either.left(unauthenticated(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. " +
        "'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help " +
        "at https://support.stripe.com/."
    ))
  }
  const right = Option.match(expected, {
    onNone: () => /^(sk|rk)_test_\w+$/.test(key),
    onSome: (secret) => key === Redacted.value(secret)
  })
  return right ? Either.void : Either.left(revoked(authorization))
}

/** The answer to the key of this request, if it were not right any more. */
export const revoked = (authorization: string | undefined): WireError =>
  unauthenticated(`Invalid API Key provided: ${masked(keyOf(authorization ?? ""))}`)

const keyOf = (authorization: string): string => {
  const [scheme = "", credentials = ""] = authorization.split(" ")
  switch (scheme.toLowerCase()) {
    case "bearer":
      return credentials
    case "basic":
      return Buffer.from(credentials, "base64").toString("utf8").split(":", 1).join("")
    default:
      return ""
  }
}

const masked = (key: string): string => `${key.slice(0, 8)}${"*".repeat(8)}${key.length > 16 ? key.slice(-4) : ""}`
