import * as Issuer from "@quartet/hosting/DevelopmentIssuer"
import { DevelopmentIssuer } from "@quartet/hosting/DevelopmentIssuer"
import * as Settings from "@quartet/hosting/Settings"
import type { ConfigError, Duration, Redacted } from "effect"
import { Config, Effect, Option } from "effect"

/** How long a token for local use is good. */
export const lifetime: Duration.DurationInput = "12 hours"

/** A token that speaks for this customer. */
export const forCustomer = (customer: string): Effect.Effect<Redacted.Redacted<string>, never, DevelopmentIssuer> =>
  Effect.flatMap(DevelopmentIssuer, ({ sign }) => sign({ subject: customer, ttl: lifetime }))

/** A token that may do what operators do. */
export const forOperator: Effect.Effect<Redacted.Redacted<string>, never, DevelopmentIssuer> = Effect.flatMap(
  DevelopmentIssuer,
  ({ sign }) => sign({ subject: "operator", scopes: ["operator"], ttl: lifetime })
)

/** `OPERATOR_TOKEN`. */
export const given = Config.option(Config.redacted(Settings.credential("OPERATOR_TOKEN")))

/** `OPERATOR_TOKEN`, as an identity provider gave it; else one for local use, where such are made. */
export const ofOperator: Effect.Effect<Redacted.Redacted<string>, ConfigError.ConfigError> = Effect.gen(function*() {
  const found = yield* given
  return Option.isSome(found) ? found.value : yield* Effect.provide(forOperator, Issuer.layer)
})
