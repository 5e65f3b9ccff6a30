import * as Options from "@effect/cli/Options"
import type { Option } from "effect"
import { Duration } from "effect"

const units: Readonly<Record<string, string>> = { ms: "millis", s: "seconds", m: "minutes", h: "hours" }

/** `60s`, `2m` or `60 seconds`. */
export const parse = (text: string): Option.Option<Duration.Duration> =>
  Duration.decodeUnknown(
    text.trim().replace(/^(\d+) *(ms|s|m|h)$/, (_, count: string, unit: string) => `${count} ${units[unit]}`)
  )

/** `--wait`: how long a command waits at most for what must come. */
export const option = (otherwise: Duration.DurationInput): Options.Options<Duration.Duration> =>
  Options.text("wait").pipe(
    Options.filterMap(parse, "--wait wants a duration, such as 60s or 2m."),
    Options.withDescription("How long to wait at most, such as 60s or 2m."),
    Options.withDefault(Duration.decode(otherwise))
  )

/** `--last`: how far back a command goes. */
export const last: Options.Options<Duration.Duration> = Options.text("last").pipe(
  Options.filterMap(parse, "--last wants a duration, such as 30m or 2h."),
  Options.withDescription("How far back, such as 30m or 2h.")
)
