import { FetchHttpClient } from "@effect/platform"
import { ConfigProvider, Context, Effect, Layer } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer, request as forward } from "node:http"
import * as Gateway from "../src/Gateway.ts"
import { serviceWith, toJson } from "./support.ts"

export type Scene = (request: IncomingMessage, response: ServerResponse) => void

/** A provider that does what no well-behaved stand-in does, and counts what it is asked. */
export interface Scripted {
  readonly port: number
  /** The idempotency keys of all requests so far, in their order; "" where there was none. */
  readonly keys: ReadonlyArray<string>
  /** The versions of the API in which it was asked, likewise. */
  readonly versions: ReadonlyArray<string>
  /** What it does from now on. */
  readonly play: (scene: Scene) => void
}

/** Answers with a status and an error, as the provider words it. */
export const refusing = (status: number, error: object): Scene => (request, response) => {
  request.resume().on(
    "end",
    () => response.writeHead(status, { "content-type": "application/json" }).end(toJson({ error }))
  )
}

/** Breaks the connection off once the request is read. */
export const resetting: Scene = (request) => {
  request.resume().on("end", () => request.socket.resetAndDestroy())
}

/** Sends its headers and the beginning of a body, and then nothing more. */
export const stalling: Scene = (request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" }).write("{")
  })
}

export const scripted = Effect.gen(function*() {
  const keys: Array<string> = []
  const versions: Array<string> = []
  let scene: Scene = resetting
  const server = createServer((request, response) => {
    keys.push(String(request.headers["idempotency-key"] ?? ""))
    versions.push(String(request.headers["stripe-version"] ?? ""))
    scene(request, response)
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
  const playing: Scripted = { port, keys, versions, play: (next) => scene = next }
  return playing
})

export class Between extends Context.Tag("@quartet/payment/test/Between")<Between, Scripted>() {}

/** The whole service, and somebody who stands between it and its provider. */
export const interrupted = (settings: Readonly<Record<string, string>>) =>
  Layer.unwrapScoped(
    Effect.map(scripted, (between) =>
      Layer.provideMerge(
        serviceWith({ STRIPE_API_BASE: `http://127.0.0.1:${between.port}`, ...settings }),
        Layer.succeed(Between, between)
      ))
  )

/** The gateway, with the real SDK, at this port. */
export const gatewayAt = (port: number, deadline = "1 second") =>
  Gateway.layer.pipe(
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(
      new Map([["STRIPE_API_BASE", `http://127.0.0.1:${port}`], ["STRIPE_DEADLINE", deadline]])
    ))),
    Layer.provideMerge(FetchHttpClient.layer)
  )

const whole = (request: IncomingMessage, use: (body: Buffer) => void) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => use(Buffer.concat(chunks)))
}

const pass = (port: number, request: IncomingMessage, response: ServerResponse, body: Buffer) => {
  const { headers, method, url } = request
  forward({ host: "127.0.0.1", port, method, path: url, headers, agent: false }, (answer) => {
    answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))
  }).on("error", () => request.socket.destroy()).end(body)
}

/** Answers what the provider at this port answers. */
export const forwarding = (port: number): Scene => (request, response) =>
  whole(request, (body) => pass(port, request, response, body))

/** Keeps what is about this card until it is told to let it go, and passes everything else on. */
export const holding = (card: string, port: number) => {
  const held: Array<() => void> = []
  let open = false
  const scene: Scene = (request, response) =>
    whole(request, (body) => {
      if (open || !body.includes(card)) return pass(port, request, response, body)
      return void held.push(() => pass(port, request, response, body))
    })
  const release = () => {
    open = true
    for (const letGo of held.splice(0)) letGo()
  }
  return { scene, held: () => held.length, release }
}
