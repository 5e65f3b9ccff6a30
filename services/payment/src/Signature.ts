import * as Settings from "@quartet/hosting/Settings"
import * as Setting from "@quartet/messaging/Setting"
import { Clock, Config, ConfigError, Context, Effect, Either, Layer, Option, Redacted, Schema } from "effect"
import Stripe from "stripe"

/** Nobody who knows the secret signed these bytes within the last minutes. */
export class SignatureRefused extends Schema.TaggedError<SignatureRefused>()("SignatureRefused", {}) {
  override get message() {
    return "The signature is missing, wrong, too old or from the future."
  }
}

/** Tells the provider's events from anybody's. */
export class Signature extends Context.Tag("@quartet/payment/Signature")<Signature, {
  /** The bytes as they arrived, and the `Stripe-Signature` header. */
  readonly verify: (body: Uint8Array, header: string | undefined) => Effect.Effect<void, SignatureRefused>
}>() {}

/** How far the signature's time may be from ours, in seconds, to either side. */
const toleranceSeconds = 300

/** What the simulator signs with where nothing is set; in production something must be. */
export const developmentSecret = Redacted.make("whsec_quartet")

/** One secret, or two while one replaces the other (H85). */
export const secrets = Config.all([
  Config.option(Config.redacted(Setting.text("STRIPE_WEBHOOK_SECRET"))),
  Settings.isProduction
]).pipe(
  Config.mapOrFail(([given, isProduction]) => {
    if (Option.isNone(given) && isProduction) {
      return Either.left(ConfigError.MissingData(["STRIPE_WEBHOOK_SECRET"], "Set it to the endpoint's signing secret"))
    }
    const secret = Option.getOrElse(given, () => developmentSecret)
    const all = Redacted.value(secret).split(",").map((one) => one.trim()).filter((one) => one !== "")
    return all.length === 0
      ? Either.left(ConfigError.InvalidData(["STRIPE_WEBHOOK_SECRET"], "Expected a secret, or two with a comma"))
      : Either.right(all.map((one) => Redacted.make(one)))
  })
)

/** The SDK accepts any time in the future, so that side is checked here (H73). It reads the last `t` there is. */
const isFromFuture = (header: string, nowMillis: number): boolean => {
  const times = header.split(",").filter((part) => part.startsWith("t=")).map((part) => part.slice(2))
  const last = times.at(-1) ?? ""
  return !/^\d{1,12}$/.test(last) || Number(last) > nowMillis / 1000 + toleranceSeconds
}

const isSignedWith = (
  secret: Redacted.Redacted,
  body: Uint8Array,
  header: string,
  nowMillis: number
): boolean =>
  Either.isRight(Either.try(() =>
    Stripe.webhooks.signature?.verifyHeader(
      body,
      header,
      Redacted.value(secret),
      toleranceSeconds,
      undefined,
      nowMillis
    )
  ))

export const layer = Layer.effect(
  Signature,
  Effect.map(secrets, (known) =>
    Signature.of({
      verify: Effect.fn("Signature.verify")(function*(body: Uint8Array, header: string | undefined) {
        const now = yield* Clock.currentTimeMillis
        const isGenuine = header !== undefined && !isFromFuture(header, now) &&
          known.some((secret) => isSignedWith(secret, body, header, now))
        if (!isGenuine) return yield* new SignatureRefused()
      })
    }))
)
