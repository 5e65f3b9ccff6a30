import type * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServer from "@effect/platform/HttpServer"
import type { HttpServerError } from "@effect/platform/HttpServerError"
import { ServeError } from "@effect/platform/HttpServerError"
import type { SqlError } from "@effect/sql/SqlError"
import { Duration, Effect, Schedule } from "effect"
import type { Server } from "node:http"
import { createServer } from "node:http"
import type { Socket } from "node:net"
import * as BodyBudget from "./BodyBudget.ts"
import * as Connections from "./Connections.ts"
import type { Edge } from "./Edge.ts"
import { make } from "./Edge.ts"
import type { HttpLimits } from "./HttpLimits.ts"
import * as Limits from "./HttpLimits.ts"
import type { Refused } from "./Problem.ts"
import type { PublicEdge } from "./PublicEdge.ts"
import type { RouteTable } from "./RouteTable.ts"
import * as Settings from "./Settings.ts"

export interface ListenOptions {
  /** For logs. */
  readonly name: string
  readonly port: number
  /** The setting that chooses the port, for whoever finds it taken. */
  readonly setting?: string
  /** Connections beside `HTTP_MAX_CONNECTIONS`, for answers that are held open; none when absent. */
  readonly held?: number
  /** `HTTP_MAX_BODY_BYTES` when absent. */
  readonly maxBodyBytes?: number
  /** How strangers are met; absent where none come. */
  readonly facing?: PublicEdge
  /** How long requests in flight may take to finish once the server closes; 8 seconds when absent. */
  readonly drain?: Duration.DurationInput
  /** Whether the route of this pattern answers in JSON alone, and refuses who does not accept that; none when absent. */
  readonly speaksJson?: (pattern: string) => boolean
  /** Tells of requests at debug level only. */
  readonly quiet?: boolean
}

const pollDrain = Schedule.spaced("20 millis")

/**
 * Listens until the scope closes; then takes no new requests, finishes those in flight within the limit, and closes. It
 * has no span: that would become the parent of every request.
 */
export const listen = (
  app: HttpApp.Default<HttpServerError | Refused | SqlError, HttpRouter.HttpRouter.DefaultServices>,
  routes: RouteTable,
  options: ListenOptions
) =>
  Effect.gen(function*() {
    const host = yield* Settings.host
    const limits = yield* Limits.config
    const node = makeServer(limits)
    const total = limits.connections + (options.held ?? 0)
    const connections = Connections.make({ total, address: limits.addressConnections })
    node.on("connection", connections.enter)
    const edge = yield* make(app, {
      routes,
      maxBodyBytes: options.maxBodyBytes ?? limits.bodyBytes,
      bodies: BodyBudget.make(limits.bodiesBytes),
      inFlight: limits.inFlight,
      atOnce: total + limits.inFlight,
      connections,
      ...(options.facing === undefined ? {} : { facing: options.facing }),
      speaksJson: options.speaksJson ?? (() => false),
      quiet: options.quiet ?? false
    })
    node.on("request", edge.take)
    const address = yield* Effect.acquireRelease(bound(node, options, host), () => drain(node, edge, options))
    yield* Effect.logInfo(`${options.name} listens on ${urlOf(address)}.`)
    return address
  })

/** What keeps a server from listening, with the setting to change. */
export const notListening = (cause: Error, setting = "HOST"): Error =>
  new Error(`${cause.message}. Change the setting ${/EADDRINUSE|EACCES/.test(cause.message) ? setting : "HOST"}`)

const bound = (node: Server, { port, setting }: ListenOptions, hostname: string) =>
  Effect.async<HttpServer.TcpAddress, ServeError>((resume) => {
    const fail = (cause: Error) => resume(Effect.fail(new ServeError({ cause: notListening(cause, setting) })))
    node.once("error", fail)
    node.listen({ port, host: hostname }, () => {
      node.off("error", fail)
      const address = node.address()
      const given = typeof address === "object" && address !== null ? address : { address: hostname, port }
      resume(Effect.succeed({ _tag: "TcpAddress", hostname: given.address, port: given.port }))
    })
  })

/** Where a client on this machine reaches the server. */
export const urlOf = (address: HttpServer.Address): string => {
  if (address._tag === "UnixAddress") return address.path
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname
  return `http://${host}:${address.port}`
}

/** Limits against slow and endless callers; the platform sets none of them. Milliseconds. */
const makeServer = (limits: HttpLimits): Server => {
  const headersTimeout = Duration.toMillis(limits.headerTimeout)
  const server = createServer({
    headersTimeout,
    requestTimeout: Duration.toMillis(limits.requestTimeout),
    // Callers are told whole seconds: the rest is theirs, so that none sends by a connection that is being closed.
    keepAliveTimeout: 5999,
    connectionsCheckingInterval: Math.min(2000, headersTimeout),
    maxHeaderSize: 16 * 1024
  })
  server.maxRequestsPerSocket = 0
  server.on("clientError", answerUnreadable)
  return server
}

const unreadable: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout"
}

/** What is no HTTP never reaches the application, so it is answered here. */
const answerUnreadable = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy()
  const line = unreadable[error.code ?? ""] ?? "400 Bad Request"
  const [status, ...words] = line.split(" ")
  const body = `{"type":"about:blank","title":"${words.join(" ")}","status":${status}}`
  socket.end(
    `HTTP/1.1 ${line}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n` +
      `Connection: close\r\n\r\n${body}`
  )
}

const connections = (node: Server) =>
  Effect.async<number>((resume) => {
    node.getConnections((error, count) => resume(Effect.succeed(error === null ? count : 0)))
  })

/**
 * For so long a server that is told to stop goes on answering, each time saying that the connection ends: one that was
 * closed just as a request set out on it would lose the request. Source: RFC 9112, §9.6.
 */
const farewell = "250 millis"

/** So many turns of the event loop wait for one that brings nobody; after that the callers are too many to wait for. */
const turnsAtMost = 1000

/**
 * Lets nobody in any more. The kernel lets callers in before we know of them, and closing drops those whom we have not
 * taken over yet; libuv takes over one in each turn. So it is done right after a whole turn that brought nobody:
 * the one that is under way may have asked before we listened.
 */
const shut = (node: Server, onClosed: () => void) =>
  Effect.async<void>((resume) => {
    let quiet = 0
    const note = () => {
      quiet = -1
    }
    const turn = (left: number) => {
      if (quiet < 2 && left > 0) {
        quiet += 1
        return void setImmediate(turn, left - 1)
      }
      node.off("connection", note)
      node.close(onClosed)
      return resume(Effect.void)
    }
    node.on("connection", note)
    turn(turnsAtMost)
  })

/** Idle keep-alive connections never end by themselves, and become idle one after the other (H164). */
const drain = Effect.fn("HttpListener.drain")(function*(
  node: Server,
  edge: Edge,
  options: ListenOptions
) {
  yield* edge.stop
  yield* Effect.repeat(connections(node), { schedule: pollDrain, until: (count) => count === 0 }).pipe(
    Effect.interruptible,
    Effect.timeoutOption(farewell)
  )
  let closed = false
  yield* shut(node, () => {
    closed = true
  })
  const idle = Effect.sync(() => {
    node.closeIdleConnections()
    return closed && edge.busy() === 0
  })
  const finished = Effect.repeat(idle, { schedule: pollDrain, until: (isOver) => isOver })
  const inTime = yield* finished.pipe(Effect.interruptible, Effect.timeoutOption(options.drain ?? "8 seconds"))
  if (inTime._tag === "None") {
    yield* Effect.logWarning(`${options.name} closes with requests unanswered.`)
    node.closeAllConnections()
  }
})
