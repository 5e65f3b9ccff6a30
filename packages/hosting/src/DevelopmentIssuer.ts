import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Clock, ConfigError, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { SignJWT } from "jose"
import * as AuthSettings from "./AuthSettings.ts"
import * as HomeKeys from "./HomeKeys.ts"
import * as Settings from "./Settings.ts"
import { isCounterpart } from "./TokenKey.ts"

/** Makes tokens that `Auth` accepts, for local runs and tests. It does not start in production. */
export class DevelopmentIssuer extends Context.Tag("@quartet/hosting/DevelopmentIssuer")<DevelopmentIssuer, {
  readonly sign: (claims: {
    readonly subject: string
    readonly scopes?: ReadonlyArray<string>
    /** One hour when absent. */
    readonly ttl?: Duration.DurationInput
  }) => Effect.Effect<Redacted.Redacted<string>>
}>() {}

/** The private key in the home, if what is made with it is accepted here. */
const ownKey = Effect.fn("DevelopmentIssuer.ownKey")(function*(keys: AuthSettings.Keys) {
  const key = yield* HomeKeys.signing
  if (keys._tag !== "Public" || isCounterpart(key, keys.key)) return key
  return yield* Effect.fail(
    ConfigError.InvalidData(
      ["AUTH_PUBLIC_KEY"],
      `Expected the public half of ${HomeKeys.privateFile} in QUARTET_HOME, or of AUTH_SIGNING_KEY`
    )
  )
})

export const layer: Layer.Layer<DevelopmentIssuer, ConfigError.ConfigError> = Layer.effect(
  DevelopmentIssuer,
  Effect.gen(function*() {
    if (yield* Settings.isProduction) {
      return yield* Effect.fail(
        ConfigError.InvalidData(["NODE_ENV"], "Expected anything but production: the development issuer makes tokens")
      )
    }
    const { audience, issuer, keys, signingKey } = yield* AuthSettings.issuing
    const { algorithm, key } = Option.isSome(signingKey) ? signingKey.value : yield* ownKey(keys)
    return {
      sign: Effect.fn("DevelopmentIssuer.sign")(function*({ scopes, subject, ttl }) {
        const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
        const token = yield* Effect.promise(() =>
          new SignJWT({ scope: (scopes ?? []).join(" ") })
            .setProtectedHeader({ alg: algorithm })
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
