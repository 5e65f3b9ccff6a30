import type { FileSystem } from "@effect/platform/FileSystem"
import { Config, ConfigError, Effect, Option, Redacted } from "effect"
import { kept } from "./HomeSecret.ts"
import * as Settings from "./Settings.ts"

/** Who may have made a token, and for whom; both are pinned. */
export const issuer = Config.nonEmptyString("AUTH_ISSUER").pipe(Config.withDefault("quartet"))
export const audience = Config.nonEmptyString("AUTH_AUDIENCE").pipe(Config.withDefault("quartet"))

/** The public keys of an identity provider; they take the place of the shared secret. */
export const jwksUrl = Config.option(Config.url("AUTH_JWKS_URL"))

const minimum = 32

const given = Config.nonEmptyString().pipe(
  Config.validate({
    message: `Expected ${minimum} characters or more`,
    validation: (secret) => secret.length >= minimum
  }),
  // Named last: a rule added after the name would report its breach without it.
  Config.nested("AUTH_SECRET"),
  Config.map(Redacted.make),
  Config.option
)

/** `AUTH_SECRET`; in development a secret made once and kept in the home. */
export const secret: Effect.Effect<Redacted.Redacted<string>, ConfigError.ConfigError, FileSystem> = Effect.gen(
  function*() {
    const configured = yield* given
    if (Option.isSome(configured)) return configured.value
    if (yield* Settings.isProduction) {
      return yield* Effect.fail(ConfigError.MissingData(["AUTH_SECRET"], "Set AUTH_SECRET or AUTH_JWKS_URL"))
    }
    return yield* kept("auth.secret")
  }
)
