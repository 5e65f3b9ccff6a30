import type { Duration } from "effect"
import { Config, ConfigError, Duration as Durations, Either } from "effect"
import * as Settings from "./Settings.ts"

/** How much a listener takes before it says no; the platform has none of these limits. */
export interface HttpLimits {
  /** How long a caller may take for the head of a request. */
  readonly headerTimeout: Duration.Duration
  /** How long a caller may take for a whole request. */
  readonly requestTimeout: Duration.Duration
  readonly connections: number
  /** Connections from one address, unless that is this machine's; 0 is any number. */
  readonly addressConnections: number
  readonly bodyBytes: number
  /** Bytes of bodies that are being read, at each port. */
  readonly bodiesBytes: number
  /** Requests that are handled at a time; one more is told to come back. */
  readonly inFlight: number
}

const given = Config.all({
  headerTimeout: Settings.time("HTTP_HEADER_TIMEOUT", "10 seconds"),
  requestTimeout: Settings.time("HTTP_REQUEST_TIMEOUT", "30 seconds"),
  connections: Settings.whole("HTTP_MAX_CONNECTIONS", 2000, { from: 1, to: 100_000 }),
  addressConnections: Settings.whole("ADDRESS_CONNECTIONS", 500, { from: 0, to: 100_000 }),
  bodyBytes: Settings.whole("HTTP_MAX_BODY_BYTES", 64 * 1024, { from: 1024, to: 16 * 1024 * 1024 }),
  bodiesBytes: Settings.whole("HTTP_MAX_BODIES_BYTES", 32 * 1024 * 1024, { from: 64 * 1024, to: 1024 ** 3 }),
  inFlight: Settings.whole("HTTP_MAX_IN_FLIGHT", 1000, { from: 1, to: 100_000 })
})

/** From the settings `HTTP_…`. */
export const config: Config.Config<HttpLimits> = Config.mapOrFail(
  given,
  (limits) =>
    Durations.lessThanOrEqualTo(limits.headerTimeout, limits.requestTimeout)
      ? Either.right(limits)
      : Either.left(ConfigError.InvalidData(["HTTP_HEADER_TIMEOUT"], "Expected no more than HTTP_REQUEST_TIMEOUT"))
)
