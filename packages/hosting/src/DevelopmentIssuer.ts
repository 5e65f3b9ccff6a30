import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Clock, ConfigError, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { SignJWT } from "jose"
import * as AuthSettings from "./AuthSettings.ts"
import * as Settings from "./Settings.ts"

/** Makes tokens that `Auth` accepts, for local runs and tests. It does not start in production. */
export class DevelopmentIssuer extends Context.Tag("@quartet/hosting/DevelopmentIssuer")<DevelopmentIssuer, {
  readonly sign: (claims: {
    readonly subject: string
    readonly scopes?: ReadonlyArray<string>
    /** One hour when absent. */
    readonly ttl?: Duration.DurationInput
  }) => Effect.Effect<Redacted.Redacted<string>>
}>() {}

export const layer: Layer.Layer<DevelopmentIssuer, ConfigError.ConfigError> = Layer.effect(
  DevelopmentIssuer,
  Effect.gen(function*() {
    if (yield* Settings.isProduction) {
      return yield* Effect.fail(
        ConfigError.InvalidData(["NODE_ENV"], "Expected anything but production: the development issuer makes tokens")
      )
    }
    if (Option.isSome(yield* AuthSettings.jwksUrl)) {
      return yield* Effect.fail(
        ConfigError.InvalidData(["AUTH_JWKS_URL"], "Expected to be absent: tokens made here would not be accepted")
      )
    }
    const issuer = yield* AuthSettings.issuer
    const audience = yield* AuthSettings.audience
    const key = new TextEncoder().encode(Redacted.value(yield* AuthSettings.secret))
    return {
      sign: Effect.fn("DevelopmentIssuer.sign")(function*({ scopes, subject, ttl }) {
        const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
        const token = yield* Effect.promise(() =>
          new SignJWT({ scope: (scopes ?? []).join(" ") })
            .setProtectedHeader({ alg: "HS256" })
            .setSubject(subject)
            .setIssuer(issuer)
            .setAudience(audience)
            .setIssuedAt(now)
            .setExpirationTime(now + Math.floor(Duration.toSeconds(ttl ?? "1 hour")))
            .sign(key)
        )
        return Redacted.make(token)
      })
    }
  })
).pipe(Layer.provide(NodeFileSystem.layer))
