import type { Redacted } from "effect"
import { Context, Effect } from "effect"
import { createServer } from "node:net"
import type { Ports } from "quartet/Ports"

/** A running quartet, and how a test reaches its parts. */
export class System extends Context.Tag("@quartet/test/System")<System, {
  readonly order: string
  readonly payment: string
  readonly inventory: string
  readonly warehouse: string
  readonly simulator: string
  /** Reads all schemas; only the checker uses it. */
  readonly admin: Redacted.Redacted<string>
}>() {}

/** Ports that were free a moment ago: services must know each other's before they listen. */
export const freePorts = Effect.promise(async (): Promise<Ports> => {
  const servers = await Promise.all(
    Array.from({ length: 6 }, () =>
      new Promise<ReturnType<typeof createServer>>((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => resolve(server))
      }))
  )
  const [order = 0, payment = 0, inventory = 0, warehouse = 0, simulator = 0, ops = 0] = servers.map((server) => {
    const address = server.address()
    return address !== null && typeof address === "object" ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return { order, payment, inventory, warehouse, simulator, ops }
})

/** A quartet's settings as they would stand in its environment. */
export const settingsOf = (ports: Ports, home: string, more: Readonly<Record<string, string>>) =>
  new Map(Object.entries({
    ORDER_PORT: `${ports.order}`,
    PAYMENT_PORT: `${ports.payment}`,
    INVENTORY_PORT: `${ports.inventory}`,
    WAREHOUSE_PORT: `${ports.warehouse}`,
    STRIPE_SIMULATOR_PORT: `${ports.simulator}`,
    OPS_PORT: `${ports.ops}`,
    QUARTET_HOME: home,
    AUTH_SECRET: "a secret for tests, long enough to be one",
    WAREHOUSE_DISPATCH_AFTER: "200 millis",
    ...more
  }))
