import * as Setting from "@quartet/messaging/Setting"
import type { ConfigError } from "effect"
import {
  Config,
  Context,
  Effect,
  FiberRef,
  FiberRefs,
  HashMap,
  Layer,
  Logger,
  LogLevel,
  MutableRef,
  Option
} from "effect"
import { Correlation } from "./Correlation.ts"
import * as Settings from "./Settings.ts"

const levels = new Map<string, LogLevel.LogLevel>([
  ...LogLevel.allLevels.map((level): [string, LogLevel.LogLevel] => [level.label, level]),
  ["WARNING", LogLevel.Warning],
  ["ALL", LogLevel.All],
  ["NONE", LogLevel.None]
])

const given = Setting.make(
  "LOG_LEVEL",
  "Expected DEBUG, INFO, WARN, ERROR, FATAL or NONE",
  (text) => Option.fromNullable(levels.get(text.toUpperCase()))
).pipe(Config.option)

/** While it is set, a process that starts logs warnings and errors alone. */
export type Quiet = MutableRef.MutableRef<boolean>

const unless = (quiet: Quiet, logger: Logger.Logger<unknown, void>): Logger.Logger<unknown, void> =>
  Logger.make((options) => {
    if (!MutableRef.get(quiet) || LogLevel.greaterThan(options.logLevel, LogLevel.Info)) logger.log(options)
  })

/** People read a terminal, programs read what is piped. */
const format = Setting.oneOf("LOG_FORMAT", ["json", "pretty"]).pipe(
  Config.withDefault(process.stderr.isTTY ? "pretty" : "json")
)

/** What `layer` reads. */
export const settings = Config.all({ given, format })

/** Every line that is logged for a request says which it was for. */
const correlated = <Output>(logger: Logger.Logger<unknown, Output>) =>
  Logger.mapInputOptions(logger, (options: Logger.Logger.Options<unknown>) => {
    const context = FiberRefs.getOrDefault(options.context, FiberRef.currentContext)
    const correlationId = Context.get(context, Correlation)
    return correlationId === ""
      ? options
      : { ...options, annotations: HashMap.set(options.annotations, "correlationId", correlationId) }
  })

const json = Logger.withConsoleError(correlated(Logger.jsonLogger))

/** What logs until the settings of logs are known. */
export const layerProvisional: Layer.Layer<never> = Logger.replace(Logger.defaultLogger, json)

/**
 * Logs as `layer` does. Where a person starts a process to try it, its welcome gives all that there is to know of the
 * start: information waits for the end of `quiet`, unless `LOG_LEVEL` asks for it or the process serves production.
 */
export const layerQuiet = (quiet: Quiet): Layer.Layer<never, ConfigError.ConfigError> =>
  Layer.unwrapEffect(
    Effect.gen(function*() {
      const logger = (yield* format) === "json" ? json : correlated(Logger.prettyLogger({ stderr: true }))
      const level = yield* given
      if (Option.isSome(level) || (yield* Settings.isProduction)) MutableRef.set(quiet, false)
      return Layer.mergeAll(
        Logger.replace(Logger.defaultLogger, unless(quiet, logger)),
        Logger.minimumLogLevel(Option.getOrElse(level, () => LogLevel.Info)),
        // Nobody reads spans yet, and making one for every statement cost a third of the time of a step. What runs for each
        // batch and each request is untraced in any case: noting where each function was called from costs more than most do.
        Layer.setTracerEnabled(false)
      )
    })
  )

/**
 * Logs to standard error, so that standard output stays for answers: one JSON object a line, or readable in a terminal;
 * `LOG_FORMAT` decides otherwise, `LOG_LEVEL` how much. `Redacted` values stay hidden in either form.
 */
export const layer: Layer.Layer<never, ConfigError.ConfigError> = Layer.suspend(() =>
  layerQuiet(MutableRef.make(false))
)
