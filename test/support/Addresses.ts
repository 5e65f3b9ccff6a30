import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import type { Redacted } from "effect"
import { Config, ConfigProvider, Context, Effect } from "effect"
import { randomInt } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Ports } from "quartet/Ports"

/** A running quartet, and how a test reaches its parts. */
export class System extends Context.Tag("@quartet/test/System")<System, {
  readonly order: string
  readonly payment: string
  readonly inventory: string
  readonly warehouse: string
  readonly prices: string
  readonly simulator: string
  /** Reads all schemas; only the checker uses it. */
  readonly admin: Redacted.Redacted<string>
}>() {}

/** Below the ports that systems give to outgoing connections, of which a busy test has hundreds. */
const range = { from: 10_000, to: 32_000 }

/** Those that were given away: whoever got one may be about to listen on it. */
const given = new Set<number>()

/** Test runs that go on side by side each have a share of the ports, told apart by vitest's number of them. */
const shares = 4
const share = Config.integer("VITEST_POOL_ID").pipe(
  Config.withDefault(0),
  Effect.map((worker) => {
    const size = Math.floor((range.to - range.from) / shares)
    const from = range.from + (worker % shares) * size
    return { from, to: from + size }
  }),
  Effect.withConfigProvider(ConfigProvider.fromEnv())
)

const isFree = (port: number) =>
  Effect.async<number, "taken">((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.fail("taken")))
    server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(port))))
  })

/** A port that nobody listened on a moment ago, and that nobody else gets from here. */
const freePort: Effect.Effect<number> = Effect.gen(function*() {
  const { from, to } = yield* share
  const port = randomInt(from, to)
  if (given.has(port)) return yield* Effect.fail("taken")
  given.add(port)
  return yield* isFree(port)
}).pipe(Effect.eventually)

/** Ports for everything that listens: services must know each other's before they do. */
export const freePorts: Effect.Effect<Ports> = Effect.all({
  order: freePort,
  payment: freePort,
  inventory: freePort,
  warehouse: freePort,
  prices: freePort,
  simulator: freePort,
  ops: freePort
})

/** A folder that goes away with the scope. */
export const temporaryHome = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "quartet-test-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** A quartet's settings as they would stand in its environment. */
export const settingsOf = (ports: Ports, home: string, more: Readonly<Record<string, string>>) =>
  new Map(Object.entries({
    ORDER_PORT: `${ports.order}`,
    PAYMENT_PORT: `${ports.payment}`,
    INVENTORY_PORT: `${ports.inventory}`,
    WAREHOUSE_PORT: `${ports.warehouse}`,
    PRICES_PORT: `${ports.prices}`,
    STRIPE_SIMULATOR_PORT: `${ports.simulator}`,
    OPS_PORT: `${ports.ops}`,
    QUARTET_HOME: home,
    ...TokenKeys.issuing,
    WAREHOUSE_DISPATCH_AFTER: "200 millis",
    ...more
  }))
