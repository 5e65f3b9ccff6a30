import { Effect } from "effect"
import type { AddressInfo, Socket } from "node:net"
import { connect, createServer } from "node:net"

/** A wire to PostgreSQL or RabbitMQ that can be cut. */
export interface Proxy {
  readonly port: number
  /** While it is away, no connection is made and all that were are cut. */
  readonly away: (away: boolean) => Effect.Effect<void>
  /** While it is silent, nothing comes through, and nobody is told. */
  readonly silent: (silent: boolean) => Effect.Effect<void>
  /** Lets the next `COMMIT` reach the server and loses its answer together with the connection. */
  readonly loseNextCommit: Effect.Effect<void>
  /** How many connections were refused. */
  readonly refused: Effect.Effect<number>
  /** How many answers to a `COMMIT` were lost. */
  readonly lost: Effect.Effect<number>
}

const isPort = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === "object" && address !== null

const pass = (client: Socket, upstream: Socket, wire: { lose: boolean; lost: number; silent: boolean }) => {
  let swallow = false
  client.on("data", (chunk) => {
    if (wire.silent) return
    if (wire.lose && chunk.includes("COMMIT\0")) {
      wire.lose = false
      swallow = true
    }
    upstream.write(chunk)
  })
  upstream.on("data", (chunk) => {
    if (wire.silent) return
    if (!swallow) return client.write(chunk)
    // What was sent before the COMMIT is answered first. Once it is done too, nobody will hear of any of it.
    if (!chunk.includes("COMMIT\0")) return
    wire.lost += 1
    return client.destroy()
  })
}

export const makeProxy = Effect.fnUntraced(function*(target: { readonly host: string; readonly port: number }) {
  const sockets = new Set<Socket>()
  const wire = { away: false, lose: false, lost: 0, refused: 0, silent: false }
  const server = createServer((client) => {
    if (wire.away) {
      wire.refused += 1
      return client.destroy()
    }
    const upstream = connect(target)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => socket.destroy())
      socket.on("close", () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    return pass(client, upstream, wire)
  })
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        sockets.forEach((socket) => socket.destroy())
      })
  )
  const address = server.address()
  const proxy: Proxy = {
    port: isPort(address) ? address.port : 0,
    away: (away) =>
      Effect.sync(() => {
        wire.away = away
        if (away) sockets.forEach((socket) => socket.destroy())
      }),
    silent: (silent) => Effect.sync(() => void (wire.silent = silent)),
    loseNextCommit: Effect.sync(() => void (wire.lose = true)),
    refused: Effect.sync(() => wire.refused),
    lost: Effect.sync(() => wire.lost)
  }
  return proxy
})
