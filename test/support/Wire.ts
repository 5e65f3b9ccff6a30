import { Effect } from "effect"
import type { AddressInfo, Socket } from "node:net"
import { connect, createServer } from "node:net"

/** Where somebody listens on this machine. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** A port that leads to others, each connection to the next of them, and can be cut. */
export interface Wire {
  readonly port: number
  /** Cuts what is connected and refuses whoever comes, as a server that is away does. */
  readonly cut: Effect.Effect<void>
  readonly mend: Effect.Effect<void>
}

const isPort = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === "object" && address !== null

/** Tries one target after the other, as a load balancer does, until one takes the connection. */
const reach = (targets: ReadonlyArray<Target>, found: (upstream: Socket) => void, nobody: () => void): void => {
  const [target, ...others] = targets
  if (target === undefined) return nobody()
  const upstream = connect(target)
  const next = () => reach(others, found, nobody)
  upstream.once("error", next)
  upstream.once("connect", () => {
    upstream.off("error", next)
    found(upstream)
  })
}

/** Leads a port of its own to the targets until the scope closes. `isCut` is how it begins. */
export const make = Effect.fn("Wire.make")(function*(targets: ReadonlyArray<Target>, isCut = false) {
  const sockets = new Set<Socket>()
  let cut = isCut
  let turn = 0
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket.on("error", () => socket.destroy())
    socket.on("close", () => {
      sockets.delete(socket)
      other.destroy()
    })
  }
  const server = createServer({ allowHalfOpen: false }, (client) => {
    if (cut) return void client.resetAndDestroy()
    client.on("error", () => client.destroy())
    turn += 1
    const inTurn = targets.map((_, index) => targets[(turn + index) % targets.length] ?? targets[0])
    reach(
      inTurn.flatMap((target) => target === undefined ? [] : [target]),
      (upstream) => {
        keep(client, upstream)
        keep(upstream, client)
        client.pipe(upstream).pipe(client)
      },
      () => client.resetAndDestroy()
    )
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
  return {
    port: isPort(address) ? address.port : 0,
    cut: Effect.sync(() => {
      cut = true
      sockets.forEach((socket) => socket.resetAndDestroy())
    }),
    mend: Effect.sync(() => {
      cut = false
    })
  } satisfies Wire
})

/** The target itself, with nothing between that could be cut. */
export const straight = ({ port }: Target): Wire => {
  const cannot = Effect.dieMessage("There is no wire to cut here.")
  return { port, cut: cannot, mend: cannot }
}
