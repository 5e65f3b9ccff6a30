import { ServerUrl } from "@quartet/hosting/HttpServer"
import type { Scope } from "effect"
import { Effect } from "effect"
import type { Socket } from "node:net"
import { connect } from "node:net"

/** Many connections, each with what was written on it; `heads` are those of the answers that came. */
export interface Crowd {
  /** How many connections the server has not closed. */
  readonly open: () => number
  /** How many of them have had no answer. */
  readonly unanswered: () => number
  /** The heads of all answers so far, one for each connection that was answered. */
  readonly heads: () => ReadonlyArray<string>
}

/** So many begin at a time: it is what they hold that matters, and not that they come at once. */
const atOnce = 25

/** How long one that is not answered is waited for before the next begins. */
const patience = "50 millis"

/** Opens so many connections, writes the text on each, and holds them until the scope closes. */
export const crowd = (count: number, text: string): Effect.Effect<Crowd, never, ServerUrl | Scope.Scope> =>
  Effect.gen(function*() {
    const { hostname, port } = new URL(yield* ServerUrl)
    const sockets = new Set<Socket>()
    const said = new Map<Socket, string>()
    const one = Effect.async<void>((resume) => {
      const socket = connect(Number(port), hostname, () => socket.write(text))
      sockets.add(socket)
      socket.on("error", () => {}).once("close", () => sockets.delete(socket))
      socket.on("data", (some) => {
        said.set(socket, `${said.get(socket) ?? ""}${some.toString()}`)
        resume(Effect.void)
      })
    }).pipe(Effect.timeoutOption(patience))
    yield* Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy())))
    yield* Effect.all(Array.from({ length: count }, () => one), { concurrency: atOnce, discard: true })
    return {
      open: () => sockets.size,
      unanswered: () => [...sockets].filter((socket) => !said.has(socket)).length,
      heads: () => [...said.values()].map((answer) => answer.split("\r\n\r\n", 1)[0] ?? "")
    }
  })
