import { Config, Duration, Option } from "effect"
import { resolve } from "node:path"

/** The folder in which a process keeps what must outlive it: embedded data, generated secrets. Absolute. */
export const home: Config.Config<string> = Config.nonEmptyString("QUARTET_HOME").pipe(
  Config.withDefault(".quartet"),
  Config.map((folder) => resolve(folder))
)

/** The address that servers listen on. Loopback unless the operator opens it. */
export const host: Config.Config<string> = Config.nonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1"))

/** `production` switches off whatever exists for development alone, such as the development issuer. */
export const isProduction: Config.Config<boolean> = Config.nonEmptyString("NODE_ENV").pipe(
  Config.withDefault("development"),
  Config.map((environment) => environment === "production")
)

/** A port to listen on; 0 asks the system for a free one. */
export const port = (name: string, otherwise: number): Config.Config<number> =>
  Config.integer().pipe(
    Config.validate({ message: "Expected a port from 0 to 65535", validation: (port) => port >= 0 && port <= 65_535 }),
    // Named last: a rule added after the name would report its breach without it.
    Config.nested(name),
    Config.withDefault(otherwise)
  )

/** A whole number between two others, both included. */
export const whole = (
  name: string,
  otherwise: number,
  { from, to }: { readonly from: number; readonly to: number }
): Config.Config<number> =>
  Config.integer().pipe(
    Config.validate({
      message: `Expected a whole number from ${from} to ${to}`,
      validation: (number) => number >= from && number <= to
    }),
    Config.nested(name),
    Config.withDefault(otherwise)
  )

/** A time that passes while somebody is waited for: more than none, and an hour at most. */
export const time = (name: string, otherwise: Duration.DurationInput): Config.Config<Duration.Duration> =>
  atMost(name, otherwise, { longest: Duration.hours(1), described: "1 hour, such as \"10 seconds\"" })

/** A length of time that something goes back or comes again after: more than none, and a year at most. */
export const span = (name: string, otherwise: Duration.DurationInput): Config.Config<Duration.Duration> =>
  atMost(name, otherwise, { longest: Duration.days(366), described: "366 days, such as \"3 days\"" })

const atMost = (
  name: string,
  otherwise: Duration.DurationInput,
  { described, longest }: { readonly longest: Duration.Duration; readonly described: string }
): Config.Config<Duration.Duration> =>
  Config.duration().pipe(
    Config.validate({
      message: `Expected a time of 1 millisecond to ${described}`,
      validation: (time) => Duration.between(time, { minimum: Duration.millis(1), maximum: longest })
    }),
    Config.nested(name),
    Config.withDefault(Duration.decode(otherwise))
  )

/** How often something is done by itself; with `never` it is not. */
export const period = (
  name: string,
  otherwise: Duration.DurationInput
): Config.Config<Option.Option<Duration.Duration>> =>
  Config.map(Config.literal("never")(name), () => Option.none()).pipe(
    Config.orElse(() => Config.map(span(name, otherwise), Option.some))
  )
