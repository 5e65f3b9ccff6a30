import { Context, Effect, Layer } from "effect"
import { createServer, request as forward } from "node:http"

/**
 * Where the provider will be: it needs to know where to send its events, and who hears them needs to know where to ask. Until
 * it is connected nothing is on record here.
 */
export class FarEnd extends Context.Tag("@quartet/payment/test/FarEnd")<FarEnd, {
  readonly port: number
  readonly connect: (port: number) => void
}>() {}

const unknown = JSON.stringify({
  error: { type: "invalid_request_error", code: "resource_missing", message: "No such object." }
})

export const layer = Layer.scoped(
  FarEnd,
  Effect.gen(function*() {
    let target: number | undefined
    const server = createServer((request, response) => {
      if (target === undefined) {
        request.resume().on("end", () => response.writeHead(404, { "content-type": "application/json" }).end(unknown))
        return
      }
      const { headers, method, url: path } = request
      const passed = forward({ host: "127.0.0.1", port: target, method, path, headers, agent: false }, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))
      }).on("error", () => request.socket.destroy())
      request.pipe(passed)
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    return FarEnd.of({ port, connect: (to) => target = to })
  })
)
