import { Context } from "effect"
import type { Socket } from "node:net"
import type { Connections } from "./Connections.ts"
import type { Slots } from "./Slots.ts"

/**
 * The place of one request among those that are worked on. It is taken when the request was read and its sender is known,
 * given up while the answer is only waited for, and released at the end. Meanwhile its connection is in use.
 */
export class Place {
  private owner: string | undefined
  private state: "none" | "working" | "waiting" = "none"
  private isConnected = false

  constructor(
    private readonly slots: Slots,
    private readonly connections: Connections,
    private readonly socket: Socket
  ) {}

  /** Takes a place for the request, if there is one left for its sender. */
  take(owner: string | undefined): boolean {
    if (!this.slots.take(owner)) return false
    this.owner = owner
    this.state = "working"
    this.isConnected = true
    this.connections.use(this.socket)
    return true
  }

  /** Gives the place up while nothing is done but waiting. */
  leave(): void {
    if (this.state !== "working") return
    this.state = "waiting"
    this.slots.release(this.owner)
  }

  /** Takes the place again, though all may be taken: what was admitted is finished. */
  resume(): void {
    if (this.state !== "waiting") return
    this.state = "working"
    this.slots.force(this.owner)
  }

  /** The request was handled; its answer may go on. */
  release(): void {
    if (this.state === "working") this.slots.release(this.owner)
    this.state = "none"
  }

  /** The last byte of the answer was written. */
  disconnect(): void {
    if (this.isConnected) this.connections.free(this.socket)
    this.isConnected = false
  }
}

/** How a handler gives up the place of its request while it waits. */
export interface Leaving {
  readonly leave: () => void
  readonly resume: () => void
}

/** The place of the request at hand; outside of a request there is none. */
export class CurrentPlace extends Context.Reference<CurrentPlace>()("@quartet/hosting/CurrentPlace", {
  defaultValue: (): Leaving => ({ leave: () => {}, resume: () => {} })
}) {}
