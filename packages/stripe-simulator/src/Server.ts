import { Cause, Effect, FiberSet, Schema, type Scope } from "effect"
import { createServer, type IncomingMessage, type Server as NodeServer, type ServerResponse } from "node:http"
import { pipeline, Readable } from "node:stream"

/** A request with its whole body. */
export interface Incoming {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly header: (name: string) => string | undefined
  readonly body: string
}

/** Exact headers and bytes, or a connection broken without an answer. */
export type Outgoing =
  | {
    readonly _tag: "Answer"
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string | Iterable<string>
  }
  | { readonly _tag: "Reset" }

export class ServerUnavailable extends Schema.TaggedError<ServerUnavailable>()("ServerUnavailable", {
  cause: Schema.Defect
}) {}

/**
 * Listens until the scope closes, and answers the port. Node's own server, because a reset needs the socket. A caller who hangs up does
 * not interrupt its request: what has begun is finished, as it would be at the real provider.
 */
export const listen = Effect.fn("Server.listen")(function*(
  options: { readonly host: string; readonly port: number },
  handle: (incoming: Incoming) => Effect.Effect<Outgoing>
): Effect.fn.Return<number, ServerUnavailable, Scope.Scope> {
  const run = yield* FiberSet.makeRuntime<never, void>()
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    receive(request, response, (incoming) => {
      run(
        handle(incoming).pipe(
          Effect.catchAllCause((cause) =>
            Effect.as(Effect.logError("request failed", Cause.pretty(cause)), unexpected)
          ),
          Effect.flatMap((outgoing) => Effect.sync(() => send(request, response, outgoing)))
        )
      )
    })
  })
  return yield* Effect.acquireRelease(bind(server, options), () => close(server))
})

const bodyLimitBytes = 1 << 20

const receive = (request: IncomingMessage, response: ServerResponse, use: (incoming: Incoming) => void): void => {
  const chunks: Array<Buffer> = []
  let size = 0
  request.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size <= bodyLimitBytes) {
      chunks.push(chunk)
    }
  })
  request.on("end", () => {
    if (size > bodyLimitBytes) {
      send(request, response, tooLarge)
      return
    }
    const [path = "", ...query] = (request.url ?? "").split("?")
    use({
      method: request.method ?? "",
      path,
      query: query.join("?"),
      header: (name) => [request.headers[name]].flat()[0],
      body: Buffer.concat(chunks).toString("utf8")
    })
  })
  // A caller who breaks off before the end of the request has asked for nothing.
  request.on("error", () => chunks.splice(0))
}

const send = (request: IncomingMessage, response: ServerResponse, outgoing: Outgoing): void => {
  if (outgoing._tag === "Reset") {
    request.socket.resetAndDestroy()
    return
  }
  const { body, headers, status } = outgoing
  if (typeof body === "string") {
    response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) }).end(body)
    return
  }
  // Whether it was read to the end is the reader's business; the pieces are let go either way.
  pipeline(Readable.from(body), response.writeHead(status, headers), () => undefined)
}

const json = { "Content-Type": "application/json" }

const unexpected: Outgoing = {
  _tag: "Answer",
  status: 500,
  headers: json,
  body: `{"error":{"type":"api_error","message":"An unknown error occurred"}}`
}

const tooLarge: Outgoing = {
  _tag: "Answer",
  status: 413,
  headers: json,
  body: `{"error":{"type":"invalid_request_error","message":"The request is too large."}}`
}

const bind = (server: NodeServer, { host, port }: { readonly host: string; readonly port: number }) =>
  Effect.async<number, ServerUnavailable>((resume) => {
    server.once("error", (cause) => resume(Effect.fail(new ServerUnavailable({ cause }))))
    server.listen(port, host, () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : port))
    })
  })

const close = (server: NodeServer): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
