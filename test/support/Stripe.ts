import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import StripeSdk from "stripe"
import { inject } from "vitest"
// Types what `inject` gives.
import "../stripe/setup.ts"
import { until } from "./Shop.ts"
import * as System from "./System.ts"
import { rows } from "./Tables.ts"

/** An account at the provider, looked at as its owner would: Stripe itself, or the stand-in where there is no key. */
export class Stripe extends Context.Tag("@quartet/test/Stripe")<Stripe, StripeSdk>() {}

interface Place {
  readonly key: string
  /** Where it is, unless it is Stripe itself. */
  readonly port?: number
}

/**
 * The system and the account that it asks. Nobody tells it of events: Stripe cannot reach the machine of a developer, so
 * answers and look-ups have to do.
 */
const at = ({ key, port }: Place, settings: Readonly<Record<string, string>>) => {
  const elsewhere = port === undefined ? {} : { STRIPE_API_BASE: `http://127.0.0.1:${port}` }
  const sdk = port === undefined
    ? new StripeSdk(key)
    : new StripeSdk(key, { host: "127.0.0.1", port, protocol: "http" })
  return Layer.merge(
    System.layer({ STRIPE_API_KEY: key, ...elsewhere, ...settings }),
    Layer.succeed(Stripe, sdk)
  )
}

const standIn = Simulator.layer({
  port: 0,
  host: "127.0.0.1",
  apiKey: Option.none(),
  webhookUrl: Option.none(),
  webhookSecret: Redacted.make("whsec_nobody_is_told"),
  dataFolder: Option.none()
})

/** Whether this run may ask anybody: it may not, where it is about Stripe itself and there is no key. */
export const isThere = inject("stripeItself") !== true || inject("stripeKey") !== undefined

/** The account of this run, with a system of its own. */
export const layer = (settings: Readonly<Record<string, string>>) =>
  inject("stripeItself") === true
    ? at({ key: inject("stripeKey") }, settings)
    : Layer.unwrapScoped(Effect.map(
      Effect.orDie(Effect.map(Layer.build(standIn), Context.get(Simulator.Simulator))),
      ({ port }) => at({ key: "sk_test_quartet", port }, settings)
    ))

const Attempt = Schema.Struct({ intentId: Schema.NullOr(Schema.String) })

const Charged = Schema.Struct({ amount_refunded: Schema.Int })

/** The one intent of an order as the account has it, and what of its charge went back. */
export const intentOf = Effect.fn("Stripe.intentOf")(function*({ id }: { readonly id: string }) {
  const stripe = yield* Stripe
  const known = rows(Attempt, `SELECT intent_id AS "intentId" FROM payment.payment_attempts WHERE order_id = $1`, [id])
  const [attempt] = yield* until(known, (found) => found.length === 1 && found[0]?.intentId !== null)
  const intent = yield* Effect.promise(() =>
    stripe.paymentIntents.retrieve(attempt?.intentId ?? "", { expand: ["latest_charge"] })
  )
  const refunded = Option.match(Schema.decodeUnknownOption(Charged)(intent.latest_charge), {
    onNone: () => 0,
    onSome: ({ amount_refunded }) => amount_refunded
  })
  return { id: intent.id, status: intent.status, received: intent.amount_received, refunded }
})
