import { lookup } from "node:dns/promises"
import { once } from "node:events"
import { connect, createServer } from "node:net"
import { pipeline } from "node:stream/promises"

// One address for all replicas of a service: `node edge.mjs 3000=order 3002=inventory` hands each connection to the next
// replica of the service on that port, and to another one when that does not answer. It reads nothing of what it carries.

/** Milliseconds that a replica may take to accept a connection. */
const patience = 1000
/** Connections at once on each port; more are refused. */
const limit = 2000
/** Milliseconds that connections may go on after the signal to stop. */
const drain = 9000

const open = async (host, port) => {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true })
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(patience) })
    return socket
  } catch {
    socket.destroy()
    return undefined
  }
}

/** The addresses of a service as they are now, beginning with another one each time. */
const replicas = (service) => {
  let turn = 0
  return async () => {
    const found = await lookup(service, { all: true, family: 4 }).catch(() => [])
    const addresses = found.map(({ address }) => address).toSorted()
    const first = turn++ % Math.max(1, addresses.length)
    return [...addresses.slice(first), ...addresses.slice(0, first)]
  }
}

const reach = async (addresses, port) => {
  for (const address of addresses) {
    const socket = await open(address, port)
    if (socket !== undefined) return socket
  }
  return undefined
}

/** What either side does is done to the other, a broken connection included. */
const join = async (client, replica) => {
  await Promise.allSettled([pipeline(client, replica), pipeline(replica, client)])
  client.destroy()
  replica.destroy()
}

const listen = ([port, service]) => {
  const addresses = replicas(service)
  const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true }
  const server = createServer(options, async (client) => {
    client.on("error", () => client.destroy())
    const replica = await reach(await addresses(), Number(port))
    if (replica === undefined) return client.destroy()
    if (client.destroyed) return replica.destroy()
    await join(client, replica)
  })
  server.maxConnections = limit
  return server.listen(Number(port), "0.0.0.0")
}

const servers = process.argv.slice(2).map((route) => listen(route.split("=")))

const stop = () => {
  for (const server of servers) server.close()
  setTimeout(() => process.exit(0), drain).unref()
}
process.once("SIGTERM", stop).once("SIGINT", stop)
