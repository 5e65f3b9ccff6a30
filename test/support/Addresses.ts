import type { Redacted } from "effect"
import { Context, Effect } from "effect"
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

/** A port that nobody listened on a moment ago. */
const freePort: Effect.Effect<number> = Effect.async<number, "taken">((resume) => {
  const port = randomInt(range.from, range.to)
  const server = createServer()
  server.once("error", () => resume(Effect.fail("taken")))
  server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(port))))
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

export const authSecret = "a secret for tests, long enough to be one"

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
    AUTH_SECRET: authSecret,
    WAREHOUSE_DISPATCH_AFTER: "200 millis",
    ...more
  }))
