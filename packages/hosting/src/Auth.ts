import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Authorization, forbidden, Principal, unauthorized } from "@quartet/contracts/Authorization"
import type { ConfigError } from "effect"
import { Context, DateTime, Effect, Layer, Option, Redacted, Schema } from "effect"
import type { JWTVerifyOptions } from "jose"
import { createRemoteJWKSet, errors, jwtVerify } from "jose"
import * as AuthSettings from "./AuthSettings.ts"
import * as HomeKeys from "./HomeKeys.ts"
import * as Problem from "./Problem.ts"
import type { Verified } from "./TokenClaims.ts"
import * as TokenClaims from "./TokenClaims.ts"
import { reasonOf, reporter, TokenRefused } from "./TokenRefusals.ts"

/** The token is absent, forged, expired, or meant for somebody else; which of these stays our secret. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {}) {
  override get message() {
    return "A valid bearer token is needed."
  }
}

/** Tells who a bearer token (RFC 6750) speaks for. Dies with a 503 while the identity provider's keys are out of reach. */
export class Auth extends Context.Tag("@quartet/hosting/Auth")<Auth, {
  readonly verify: (token: Redacted.Redacted<string>) => Effect.Effect<Context.Tag.Service<Principal>, Unauthorized>
}>() {}

/** The bearer token that a request brings, good or not. Source: RFC 6750, §2.1. */
export const tokenOf = ({ headers }: HttpServerRequest.HttpServerRequest): Option.Option<Redacted.Redacted<string>> =>
  Option.map(Option.fromNullable(/^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1]), Redacted.make)

export const authorization: Layer.Layer<Authorization, never, Auth> = Layer.effect(
  Authorization,
  Effect.map(Auth, ({ verify }) => ({
    bearer: (token) =>
      Effect.catchTag(verify(token), "Unauthorized", (error) => Problem.fail(unauthorized, error.message))
  }))
)

/** Refuses a principal without the scope. */
export const requireScope = (
  scope: string
): Effect.Effect<void, typeof forbidden.schema.Type, Principal> =>
  Effect.flatMap(
    Principal,
    ({ scopes }) => scopes.includes(scope) ? Effect.void : Problem.fail(forbidden, `This needs the scope ${scope}.`)
  )

/** By `AUTH_JWKS_URL` or `AUTH_PUBLIC_KEY`, else, in development, by the public key in the home. It cannot make a token. */
export const layer: Layer.Layer<Auth, ConfigError.ConfigError> = Layer.effect(
  Auth,
  Effect.gen(function*() {
    const { audience, issuer, keys } = yield* AuthSettings.settings
    const pinned = { issuer, audience, clockTolerance, requiredClaims: ["sub", "exp"] } satisfies JWTVerifyOptions
    if (keys._tag === "Jwks") {
      const found = createRemoteJWKSet(keys.url)
      const algorithms = ["RS256", "PS256", "ES256", "EdDSA"]
      return { verify: yield* verifyBy((token, now) => jwtVerify(token, found, { ...pinned, ...now, algorithms })) }
    }
    const { algorithm, key } = keys._tag === "Public" ? keys.key : yield* HomeKeys.verifying
    const algorithms = [algorithm]
    return { verify: yield* verifyBy((token, now) => jwtVerify(token, key, { ...pinned, ...now, algorithms })) }
  })
).pipe(Layer.provide(NodeFileSystem.layer))

type Check = (token: string, now: { readonly currentDate: Date }) => Promise<{ readonly payload: unknown }>

/** Seconds by which the clocks of whoever made a token and of ours may differ. */
const clockTolerance = 5

const verifyOnce = (check: Check) =>
  Effect.fnUntraced(function*(token: string): Effect.fn.Return<Verified, TokenRefused> {
    const currentDate = DateTime.toDateUtc(yield* DateTime.now)
    const { payload } = yield* Effect.tryPromise({
      try: () => check(token, { currentDate }),
      catch: (error) =>
        isVerdict(error) ? new TokenRefused({ reason: token === "" ? "absent" : reasonOf(error) }) : keysUnreachable
    }).pipe(Effect.catchTag("Refused", Effect.die))
    return yield* TokenClaims.read(payload)
  })

/**
 * How many tokens are remembered, for how many milliseconds, and of how many characters. With fewer places than customers
 * are busy in a minute, each request would check a signature again, which costs more than all else that is done for it. A
 * token of 400 characters takes a kilobyte; a longer one than this is checked each time, so that the memory has a bound.
 */
const remembered = { tokens: 20_000, milliseconds: 60_000, characters: 4096 }

/**
 * A customer sends the same token with every request, and a signature once found good stays so: for a minute it is only
 * asked whether the token has ended meanwhile. What was refused is looked at anew each time. A plain map, since each
 * request is looked up twice: to hash the token and to keep who used it last costs more than all else that is done for it.
 */
const verifyBy = (check: Check) =>
  Effect.map(reporter, (report) => {
    const refused = (reason: TokenRefused["reason"]) => Effect.zipRight(report(reason), new Unauthorized())
    const known = new Map<string, Verified & { readonly until: number }>()
    const verified = verifyOnce(check)
    const learn = Effect.fnUntraced(function*(token: string, now: number) {
      const found = yield* Effect.catchTag(verified(token), "TokenRefused", ({ reason }) => refused(reason))
      if (token.length > remembered.characters) return found
      known.delete(token) // so that it becomes the last in order
      known.set(token, { ...found, until: now + remembered.milliseconds })
      const [oldest] = known.keys()
      if (known.size > remembered.tokens && oldest !== undefined) known.delete(oldest)
      return found
    })
    const whileGood = ({ expiresAt, principal }: Verified, now: number) =>
      now / 1000 < expiresAt + clockTolerance ? Effect.succeed(principal) : refused("expired")
    return (secret: Redacted.Redacted<string>) =>
      Effect.clockWith((clock) => {
        const now = clock.unsafeCurrentTimeMillis()
        const token = Redacted.value(secret)
        const found = known.get(token)
        return found !== undefined && now < found.until
          ? whileGood(found, now)
          : Effect.flatMap(learn(token, now), (fresh) => whileGood(fresh, now))
      })
  })

/** Everything the library throws is about the token, except when it could not fetch or read the keys. */
const isVerdict = (error: unknown): boolean =>
  error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) &&
  !(error instanceof errors.JWKSInvalid) && error.code !== "ERR_JOSE_GENERIC"

const keysUnreachable = new Problem.Refused({
  name: "unavailable",
  detail: "Tokens cannot be checked at the moment. Try again soon.",
  headers: { "retry-after": "1" }
})
