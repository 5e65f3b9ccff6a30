import * as Setting from "@quartet/messaging/Setting"
import { Config, ConfigError, Either, Option } from "effect"
import * as Settings from "./Settings.ts"
import type { TokenKey } from "./TokenKey.ts"
import { isCounterpart, privateSetting, publicSetting } from "./TokenKey.ts"

/** Who may have made a token, and for whom; both are pinned. */
export const issuer = Setting.text("AUTH_ISSUER").pipe(Config.withDefault("quartet"))
export const audience = Setting.text("AUTH_AUDIENCE").pipe(Config.withDefault("quartet"))

/** The public keys of an identity provider. */
export const jwksUrl = Config.option(Settings.httpUrl("AUTH_JWKS_URL"))

const retired = Setting.make(
  "AUTH_SECRET",
  "Expected to be absent: tokens are checked by AUTH_PUBLIC_KEY or AUTH_JWKS_URL, and no service can make one",
  () => Option.none<never>()
).pipe(Config.option)

const refuse = (name: string, rule: string) => Either.left(ConfigError.InvalidData([name], rule))

/** By which keys tokens are checked. In development, where none is set, by the public key in the home. */
export type Keys =
  | { readonly _tag: "Jwks"; readonly url: URL }
  | { readonly _tag: "Public"; readonly key: TokenKey }
  | { readonly _tag: "Home" }

/** What a service reads to check tokens. */
export const settings = Config.all({
  issuer,
  audience,
  jwksUrl,
  publicKey: Config.option(publicSetting("AUTH_PUBLIC_KEY")),
  isProduction: Settings.isProduction,
  retired
}).pipe(Config.mapOrFail(({ audience, isProduction, issuer, jwksUrl, publicKey }) => {
  const of = (keys: Keys) => Either.right({ issuer, audience, keys })
  if (Option.isSome(jwksUrl)) {
    return Option.isNone(publicKey)
      ? of({ _tag: "Jwks", url: jwksUrl.value })
      : refuse("AUTH_PUBLIC_KEY", "Expected to be absent where AUTH_JWKS_URL is set")
  }
  if (Option.isSome(publicKey)) return of({ _tag: "Public", key: publicKey.value })
  return isProduction
    ? Either.left(ConfigError.MissingData(["AUTH_PUBLIC_KEY"], "Set AUTH_PUBLIC_KEY or AUTH_JWKS_URL"))
    : of({ _tag: "Home" })
}))

interface Issuing {
  readonly issuer: string
  readonly audience: string
  readonly keys: Keys
  readonly signingKey: Option.Option<TokenKey>
}

/** What the development issuer reads beside: the private key, which no service reads; in the home where none is set. */
export const issuing: Config.Config<Issuing> = Config.all({
  checking: settings,
  signingKey: Config.option(privateSetting("AUTH_SIGNING_KEY"))
})
  .pipe(Config.mapOrFail(({ checking, signingKey }): Either.Either<Issuing, ConfigError.ConfigError> => {
    if (checking.keys._tag === "Jwks") {
      return refuse("AUTH_JWKS_URL", "Expected to be absent: tokens made here would not be accepted")
    }
    if (Option.isNone(signingKey)) return Either.right({ ...checking, signingKey })
    return checking.keys._tag === "Public" && isCounterpart(signingKey.value, checking.keys.key)
      ? Either.right({ ...checking, signingKey })
      : refuse("AUTH_SIGNING_KEY", "Expected the private half of AUTH_PUBLIC_KEY")
  }))
