import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { ServeError } from "@effect/platform/HttpServerError"
import { SqlError } from "@effect/sql/SqlError"
import type { Duration } from "effect"
import { Cause, ConfigError, Effect, Layer, Option, Redacted } from "effect"
import * as Telemetry from "./Telemetry.ts"

export interface LaunchOptions {
  /** How long stopping may take before the process ends anyhow; 10 seconds when absent. */
  readonly deadline?: Duration.DurationInput
  /** Until this is unset, information is not logged; see `Telemetry.layerQuiet`. */
  readonly quiet?: Telemetry.Quiet
}

/**
 * Runs the layer until the process is told to stop, with logs set up. What keeps it from starting is told in one
 * sentence, and the exit code is 1. SIGTERM and SIGINT drain it within the deadline; a second signal ends it at once.
 */
export const run = <A, E>(main: Layer.Layer<A, E>, options: LaunchOptions = {}): void => {
  const telemetry = Layer.tapErrorCause(
    options.quiet === undefined ? Telemetry.layer : Telemetry.layerQuiet(options.quiet),
    (cause) => Effect.provide(report(cause), Telemetry.layerProvisional)
  )
  const launched = Layer.launch(main).pipe(Effect.tapErrorCause(report), Effect.provide(telemetry))
  const expire = Effect.sleep(options.deadline ?? "10 seconds").pipe(
    Effect.zipRight(Effect.logFatal("Stopping took too long; the process ends without finishing.")),
    Effect.zipRight(Effect.sync((): void => {
      process.exit(1)
    })),
    Effect.provide(telemetry)
  )
  const onSignal = (): void => void Effect.runFork(expire)
  process.once("SIGTERM", onSignal).once("SIGINT", onSignal)
  NodeRuntime.runMain(launched, { disableErrorReporting: true, disablePrettyLogger: true })
}

const report = <E>(cause: Cause.Cause<E>): Effect.Effect<void> =>
  Option.match(Cause.failureOption(cause), {
    onNone: () => Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logFatal("The process failed by a bug.", cause),
    onSome: (error) => Effect.logFatal(sentenceOf(error))
  })

/** Names what is wrong. A setting's value is never repeated: it may be a secret (H173). */
export const sentenceOf = (error: unknown): string => {
  if (ConfigError.isConfigError(error)) return settingsOf(error).join(" ")
  if (error instanceof SqlError && error.cause instanceof Error) {
    return `The database cannot be used: ${error.cause.message}.`
  }
  if (error instanceof ServeError && error.cause instanceof Error) return `No server: ${error.cause.message}.`
  return error instanceof Error ? error.message : String(error)
}

const settingsOf = (error: ConfigError.ConfigError): ReadonlyArray<string> =>
  ConfigError.reduceWithContext(error, undefined, {
    andCase: (_, left, right) => [...left, ...right],
    orCase: (_, left, right) => [...left, ...right],
    missingDataCase: (
      _,
      path,
      message
    ) => [`The setting ${path.join("_")} is missing. ${withoutValue(message)}`.trim()],
    invalidDataCase: (
      _,
      path,
      message
    ) => [`The setting ${path.join("_")} is not valid. ${withoutValue(message)}`.trim()],
    sourceUnavailableCase: (_, path) => [`The setting ${path.join("_")} cannot be read.`],
    unsupportedCase: (_, path) => [`The setting ${path.join("_")} cannot be read.`]
  })

/** The library's own messages end with what they found. */
const withoutValue = (message: string): string => {
  const rule = message.replace(/,? but (received|got) .*$/s, "")
  return rule === "" || rule === String(Redacted.make("")) ? "" : `${rule}.`
}
