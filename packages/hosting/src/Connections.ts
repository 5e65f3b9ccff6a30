import type { Socket } from "node:net"
import * as SenderAddress from "./SenderAddress.ts"

/** How many connections a server has at most, in all and from one address; 0 is any number from one address. */
export interface ConnectionBounds {
  readonly total: number
  readonly address: number
}

/**
 * The connections of one server. One is unused while no request of it is worked on: before its first request, between
 * two, and while a head or a body is on its way. Where there are too many, the one unused for longest is closed, so that
 * those who only hold connections cannot keep others out. Only when all are in use the new one is closed.
 */
export interface Connections {
  readonly enter: (socket: Socket) => void
  /** A request of this connection is worked on. */
  readonly use: (socket: Socket) => void
  /** A request of this connection was answered. */
  readonly free: (socket: Socket) => void
  readonly size: () => number
}

interface Connection {
  readonly address: string
  /** Those of the same address, of which this is one; absent where they are not counted. */
  readonly peers: Group | undefined
  /** How many of its requests are worked on: a pipeline may have several. */
  uses: number
}

/** Connections that count together; the unused ones in the order in which they became so. */
interface Group {
  readonly all: Set<Socket>
  readonly unused: Set<Socket>
}

const newGroup = (): Group => ({ all: new Set(), unused: new Set() })

export const make = (bounds: ConnectionBounds): Connections => {
  const known = new Map<Socket, Connection>()
  const everybody = newGroup()
  const byAddress = new Map<string, Group>()

  const peersOf = (remote: string, address: string): Group | undefined => {
    // Behind a proxy on this machine all callers have its address.
    if (bounds.address === 0 || SenderAddress.isLoopback(remote)) return undefined
    const found = byAddress.get(address) ?? newGroup()
    byAddress.set(address, found)
    return found
  }

  const forget = (socket: Socket) => {
    const connection = known.get(socket)
    if (connection === undefined) return
    const { address, peers } = connection
    known.delete(socket)
    for (const group of [everybody, peers]) {
      group?.all.delete(socket)
      group?.unused.delete(socket)
    }
    if (peers?.all.size === 0) byAddress.delete(address)
  }

  const makeRoom = (group: Group, most: number, newest: Socket) => {
    if (group.all.size <= most) return
    // The newest is unused as well, and comes last.
    const [oldest = newest] = group.unused
    oldest.destroy()
    forget(oldest)
  }

  const enter = (socket: Socket) => {
    const remote = socket.remoteAddress ?? ""
    const address = SenderAddress.of(remote)
    const peers = peersOf(remote, address)
    known.set(socket, { address, peers, uses: 0 })
    for (const group of [everybody, peers]) {
      group?.all.add(socket)
      group?.unused.add(socket)
    }
    socket.once("close", () => forget(socket))
    if (peers !== undefined) makeRoom(peers, bounds.address, socket)
    makeRoom(everybody, bounds.total, socket)
  }

  const use = (socket: Socket) => {
    const connection = known.get(socket)
    if (connection === undefined) return
    connection.uses += 1
    everybody.unused.delete(socket)
    connection.peers?.unused.delete(socket)
  }

  const free = (socket: Socket) => {
    const connection = known.get(socket)
    if (connection === undefined) return
    connection.uses -= 1
    if (connection.uses > 0) return
    everybody.unused.add(socket)
    connection.peers?.unused.add(socket)
  }

  return { enter, use, free, size: () => known.size }
}
