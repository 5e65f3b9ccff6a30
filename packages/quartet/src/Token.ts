import * as Issuer from "@quartet/hosting/DevelopmentIssuer"
import { DevelopmentIssuer } from "@quartet/hosting/DevelopmentIssuer"
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

/** `OPERATOR_TOKEN`, as an identity provider gave it; else one for local use, where such are made. */
export const ofOperator: Effect.Effect<Redacted.Redacted<string>, ConfigError.ConfigError> = Effect.gen(function*() {
  const given = yield* Config.option(Config.redacted(Config.nonEmptyString("OPERATOR_TOKEN")))
  return Option.isSome(given) ? given.value : yield* Effect.provide(forOperator, Issuer.layer)
})
