import { DevelopmentIssuer } from "@quartet/hosting/DevelopmentIssuer"
import type { Duration, Redacted } from "effect"
import { Effect } from "effect"

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
