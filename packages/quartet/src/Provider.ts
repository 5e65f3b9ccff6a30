import * as Settings from "@quartet/hosting/Settings"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { Config, ConfigError, ConfigProvider, Effect, Either, Layer, Option, Redacted } from "effect"
import { join } from "node:path"
import { Ports } from "./Ports.ts"

/** Whether payments go to the provider itself: they do as soon as a key of it is set. */
export const isReal = Config.option(Config.nonEmptyString("STRIPE_API_KEY")).pipe(Config.map(Option.isSome))

/** Known to everybody, so in production one must be given. */
const developmentSecret = Redacted.make("whsec_quartet_development")

const webhookSecret = Config.all([
  Config.option(Config.redacted(Config.nonEmptyString("STRIPE_WEBHOOK_SECRET"))),
  Settings.isProduction
]).pipe(
  Config.mapOrFail(([given, isProduction]) =>
    Option.isNone(given) && isProduction
      ? Either.left(ConfigError.MissingData(["STRIPE_WEBHOOK_SECRET"], "Set it to the endpoint's signing secret"))
      : Either.right(Option.getOrElse(given, () => developmentSecret))
  )
)

const webhookUrl = (payment: number) =>
  Config.url("STRIPE_WEBHOOK_URL").pipe(
    Config.map((url) => url.toString()),
    Config.withDefault(`http://127.0.0.1:${payment}/webhooks/stripe`)
  )

/** The provider's stand-in, which keeps its ledger in the home and tells `STRIPE_WEBHOOK_URL` what happened. */
export const simulator = Layer.unwrapEffect(Effect.gen(function*() {
  const ports = yield* Ports
  return Simulator.layer({
    host: yield* Settings.host,
    port: ports.simulator,
    apiKey: Option.none(),
    webhookUrl: Option.some(yield* webhookUrl(ports.payment)),
    webhookSecret: yield* webhookSecret,
    dataFolder: Option.some(join(yield* Settings.home, "stripe-simulator"))
  })
}))

const isGiven = (name: string) => Effect.map(Config.option(Config.nonEmptyString(name)), Option.isSome)

/**
 * What the payment service must know to find the stand-in, and nothing where payments go to the provider itself. The
 * process's own settings come first, also wrong ones.
 */
export const settings = Layer.unwrapEffect(Effect.gen(function*() {
  if (yield* isReal) return Layer.empty
  const { simulator } = yield* Ports
  const found = new Map([["STRIPE_WEBHOOK_SECRET", Redacted.value(yield* webhookSecret)]])
  if (!(yield* isGiven("STRIPE_API_BASE"))) found.set("STRIPE_API_BASE", `http://127.0.0.1:${simulator}`)
  const given = yield* Effect.configProviderWith(Effect.succeed)
  return Layer.setConfigProvider(ConfigProvider.orElse(given, () => ConfigProvider.fromMap(found)))
}))
