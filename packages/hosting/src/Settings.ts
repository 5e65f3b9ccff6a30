import * as Setting from "@quartet/messaging/Setting"
import { Config, Duration, Option } from "effect"
import { isIP } from "node:net"
import { resolve } from "node:path"

/** The folder in which a process keeps what must outlive it: embedded data, generated secrets. Absolute. */
export const home: Config.Config<string> = Setting.text("QUARTET_HOME", "Expected the path of a folder").pipe(
  Config.withDefault(".quartet"),
  Config.map((folder) => resolve(folder))
)

const isHostName = (text: string): boolean => /^(?=.{1,253}$)[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*$/.test(text)

/** The address that servers listen on. Loopback unless the operator opens it. */
export const host: Config.Config<string> = Setting.text(
  "HOST",
  "Expected an IP address or the name of a host",
  (text) => isIP(text) > 0 || isHostName(text)
).pipe(Config.withDefault("127.0.0.1"))

/** `production` switches off whatever exists for development alone, such as the development issuer. */
export const isProduction: Config.Config<boolean> = Setting.oneOf("NODE_ENV", ["development", "test", "production"])
  .pipe(
    Config.withDefault("development"),
    Config.map((environment) => environment === "production")
  )

/** A port to listen on; 0 asks the system for a free one. */
export const port = (name: string, otherwise: number): Config.Config<number> =>
  Config.withDefault(setPort(name), otherwise)

/** The same without a usual one. */
export const setPort = (name: string): Config.Config<number> =>
  Setting.whole(name, { from: 0, to: 65_535 }, "Expected a port from 0 to 65535")

/** A whole number between two others, both included. */
export const whole = (
  name: string,
  otherwise: number,
  range: { readonly from: number; readonly to: number }
): Config.Config<number> => Config.withDefault(Setting.whole(name, range), otherwise)

/** A time that passes while somebody is waited for: more than none, and an hour at most. */
export const time = (
  name: string,
  otherwise: Duration.DurationInput,
  longest = { longest: Duration.hours(1), described: "1 hour, such as \"10 seconds\"" }
): Config.Config<Duration.Duration> => Config.withDefault(Setting.duration(name, longest), Duration.decode(otherwise))

/** A length of time that something goes back or comes again after: more than none, and a year at most. */
export const span = (name: string, otherwise: Duration.DurationInput): Config.Config<Duration.Duration> =>
  time(name, otherwise, { longest: Duration.days(366), described: "366 days, such as \"3 days\"" })

/** How often something is done by itself; with `never` it is not. */
export const period = (
  name: string,
  otherwise: Duration.DurationInput
): Config.Config<Option.Option<Duration.Duration>> =>
  Setting.make(
    name,
    "Expected never, or a time of 1 millisecond to 366 days, such as \"5 minutes\"",
    (text) =>
      text === "never"
        ? Option.some(Option.none<Duration.Duration>())
        : Duration.decodeUnknown(text).pipe(
          Option.filter(Duration.between({ minimum: Duration.millis(1), maximum: Duration.days(366) })),
          Option.map(Option.some)
        )
  ).pipe(Config.withDefault(Option.some(Duration.decode(otherwise))))

/** The address of a server that speaks HTTP. */
export const httpUrl = (name: string): Config.Config<URL> =>
  Setting.url(name, "Expected a URL that begins with http:// or https://", ["http", "https"])

/** What an HTTP header can carry: a key or a token, without blanks. */
export const credential = (name: string): Config.Config<string> =>
  Setting.text(name, "Expected printable ASCII without blanks", (text) => /^[\x21-\x7e]+$/.test(text))
