import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { ServeError } from "@effect/platform/HttpServerError"
import { SqlError } from "@effect/sql/SqlError"
import type { Duration } from "effect"
import { Cause, Config, ConfigError, Effect, Layer, Option, Redacted } from "effect"
import { reasonOf } from "./DatabaseOutage.ts"
import * as SettingFiles from "./SettingFiles.ts"
import * as Telemetry from "./Telemetry.ts"

export interface LaunchOptions {
  /** All settings that the layer reads: they are judged before anything is waited for, and every wrong one is named. */
  readonly settings?: Config.Config<unknown>
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
  const judged = judge(Config.all([Telemetry.settings, options.settings ?? Config.succeed(undefined)]))
  const telemetry = Layer.tapErrorCause(
    options.quiet === undefined ? Telemetry.layer : Telemetry.layerQuiet(options.quiet),
    // Where the settings of logs are wrong, others may be as well, and all are named.
    (cause) =>
      Effect.cause(judged).pipe(
        Effect.flatMap((all) => report(Cause.isEmpty(all) ? cause : all)),
        Effect.provide(Telemetry.layerProvisional)
      )
  )
  const launched = Effect.zipRight(judged, Layer.launch(main)).pipe(
    Effect.tapErrorCause(report),
    Effect.provide(telemetry)
  )
  const started = launched.pipe(
    Effect.provide(Layer.tapErrorCause(
      SettingFiles.layer,
      (cause) => Effect.provide(report(cause), Telemetry.layerProvisional)
    ))
  )
  const expire = Effect.sleep(options.deadline ?? "10 seconds").pipe(
    Effect.zipRight(Effect.logFatal("Stopping took too long; the process ends without finishing.")),
    Effect.zipRight(Effect.sync((): void => {
      process.exit(1)
    })),
    Effect.provide(telemetry)
  )
  const onSignal = (): void => void Effect.runFork(expire)
  process.once("SIGTERM", onSignal).once("SIGINT", onSignal)
  NodeRuntime.runMain(started, { disableErrorReporting: true, disablePrettyLogger: true })
}

/** Reads settings for nothing but their errors. */
export const judge = (settings: Config.Config<unknown>): Effect.Effect<void, ConfigError.ConfigError> =>
  Effect.asVoid(settings)

const report = <E>(cause: Cause.Cause<E>): Effect.Effect<void> =>
  Option.match(Cause.failureOption(cause), {
    onNone: () => Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logFatal("The process failed by a bug.", cause),
    onSome: (error) => Effect.logFatal(sentenceOf(error))
  })

/** Names what is wrong. A setting's value is never repeated: it may be a secret (H173). */
export const sentenceOf = (error: unknown): string => {
  if (ConfigError.isConfigError(error)) return settingsOf(error).join(" ")
  if (error instanceof SqlError && error.cause instanceof Error) {
    return `The database cannot be used: ${reasonOf(error)}.`
  }
  if (error instanceof ServeError && error.cause instanceof Error) return `No server: ${error.cause.message}.`
  return error instanceof Error ? error.message : String(error)
}

interface Wrong {
  readonly isMissing: boolean
  readonly sentence: string
}

const wrong = (isMissing: boolean, what: string, path: ReadonlyArray<string>, message = ""): ReadonlyArray<Wrong> => [
  { isMissing, sentence: `The setting ${path.join("_")} ${what}. ${withoutValue(message)}`.trim() }
]

/** Each once, since two parts may read the same. */
const settingsOf = (error: ConfigError.ConfigError): ReadonlyArray<string> => {
  const all = ConfigError.reduceWithContext<undefined, ReadonlyArray<Wrong>>(error, undefined, {
    andCase: (_, left, right) => [...left, ...right],
    // Of two sources, one that does not have the setting says nothing about what the other has.
    orCase: (_, left, right) => {
      const invalid = [...left, ...right].filter(({ isMissing }) => !isMissing)
      return invalid.length === 0 ? left : invalid
    },
    missingDataCase: (_, path, message) => wrong(true, "is missing", path, message),
    invalidDataCase: (_, path, message) => wrong(false, "is not valid", path, message),
    sourceUnavailableCase: (_, path) => wrong(false, "cannot be read", path),
    unsupportedCase: (_, path) => wrong(false, "cannot be read", path)
  })
  return [...new Set(all.map(({ sentence }) => sentence))]
}

/** The library's own messages end with what they found. */
const withoutValue = (message: string): string => {
  const rule = message.replace(/,? but (received|got) .*$/s, "")
  return rule === "" || rule === String(Redacted.make("")) ? "" : `${rule}.`
}
