import { ServeError } from "@effect/platform/HttpServerError"
import { notListening } from "@quartet/hosting/HttpListener"
import * as Settings from "@quartet/hosting/Settings"
import * as Setting from "@quartet/messaging/Setting"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import { Config, ConfigError, ConfigProvider, Effect, Either, Layer, Option, Redacted } from "effect"
import { join } from "node:path"
import { addressOf, Ports } from "./Ports.ts"

/** Whether payments go to the provider itself: they do as soon as a key of it is set. */
export const isReal = Config.option(Settings.credential("STRIPE_API_KEY")).pipe(Config.map(Option.isSome))

/** Known to everybody, so in production one must be given. */
const developmentSecret = Redacted.make("whsec_quartet_development")

const webhookSecret = Config.all([
  Config.option(Config.redacted(Setting.text("STRIPE_WEBHOOK_SECRET"))),
  Settings.isProduction
]).pipe(
  Config.mapOrFail(([given, isProduction]) =>
    Option.isNone(given) && isProduction
      ? Either.left(ConfigError.MissingData(["STRIPE_WEBHOOK_SECRET"], "Set it to the endpoint's signing secret"))
      : Either.right(Option.getOrElse(given, () => developmentSecret))
  )
)

const webhookUrl = Config.all({
  set: Config.option(Settings.httpUrl("STRIPE_WEBHOOK_URL")),
  ports: Ports,
  addressOf
}).pipe(Config.map(({ addressOf, ports, set }) =>
  Option.match(set, {
    onNone: () => `${addressOf(ports.payment)}/webhooks/stripe`,
    onSome: (url) => url.toString()
  })
))

const setBase = Config.option(Settings.httpUrl("STRIPE_API_BASE"))

/** Where the provider's stand-in is reached: `STRIPE_API_BASE`, else where it listens on this machine. */
export const base: Config.Config<string> = Config.all({ setBase, ports: Ports, addressOf }).pipe(
  Config.map(({ addressOf, ports, setBase }) =>
    Option.match(setBase, { onNone: () => addressOf(ports.simulator), onSome: (url) => url.toString() })
  )
)

/** What the stand-in reads. */
export const simulatorSettings = Config.all([
  Ports,
  Settings.host,
  Settings.home,
  webhookUrl,
  webhookSecret
])

/** The provider's stand-in, which keeps its ledger in the home and tells `STRIPE_WEBHOOK_URL` what happened. */
export const simulator = Layer.unwrapEffect(Effect.gen(function*() {
  const ports = yield* Ports
  const served = Simulator.layer({
    host: yield* Settings.host,
    port: ports.simulator,
    apiKey: Option.none(),
    webhookUrl: Option.some(yield* webhookUrl),
    webhookSecret: yield* webhookSecret,
    dataFolder: Option.some(join(yield* Settings.home, "stripe-simulator"))
  })
  return Layer.catchAll(served, (error) =>
    Layer.fail(
      error._tag === "ServerUnavailable" && error.cause instanceof Error
        ? new ServeError({ cause: notListening(error.cause, "STRIPE_SIMULATOR_PORT") })
        : error
    ))
}))

/**
 * What the payment service must know to find the stand-in, and nothing where payments go to the provider itself. The
 * process's own settings come first, also wrong ones.
 */
export const settings = Layer.unwrapEffect(Effect.gen(function*() {
  if (yield* isReal) return Layer.empty
  const found = new Map([["STRIPE_WEBHOOK_SECRET", Redacted.value(yield* webhookSecret)]])
  if (Option.isNone(yield* setBase)) found.set("STRIPE_API_BASE", yield* base)
  const given = yield* Effect.configProviderWith(Effect.succeed)
  return Layer.setConfigProvider(ConfigProvider.orElse(given, () => ConfigProvider.fromMap(found)))
}))
