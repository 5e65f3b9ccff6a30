import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Effect, Either, Stream } from "effect"
import type { IncomingMessage } from "node:http"
import { malformed, parse } from "./JsonText.ts"
import { Refused } from "./Problem.ts"

/**
 * Reads the whole body before any handler runs, up to the limit, and gives back the request with its body in memory. The
 * platform has no limit of its own, and going over one it is given ends the connection without an answer.
 */
export const buffered = Effect.fnUntraced(function*(
  request: HttpServerRequest.HttpServerRequest,
  maxBytes: number
) {
  const source = NodeHttpServerRequest.toIncomingMessage(request)
  if (!hasBody(source)) return request
  const bytes = yield* Effect.zipRight(acceptable(source), read(source, maxBytes)).pipe(
    Effect.tapError(() => discarded(source))
  )
  const text = yield* decodeUtf8(bytes)
  const copy: HttpServerRequest.HttpServerRequest = Object.create(request, {
    text: { value: Effect.succeed(text) },
    json: { value: parse(text) },
    // Hardly anybody asks for these: they are made when somebody does.
    arrayBuffer: { get: () => Effect.succeed(new Uint8Array(bytes).buffer) },
    stream: { get: () => Stream.make(new Uint8Array(bytes)) }
  })
  return copy
})

const hasBody = (source: IncomingMessage): boolean =>
  source.headers["transfer-encoding"] !== undefined || Number(source.headers["content-length"] ?? "0") > 0

/** JSON in UTF-8, uncompressed; a missing type is taken for JSON. */
const acceptable = (source: IncomingMessage): Effect.Effect<void, Refused> => {
  const type = source.headers["content-type"]?.toLowerCase() ?? "application/json"
  const known = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/.test(type)
  const plain = (source.headers["content-encoding"] ?? "identity") === "identity"
  return known && plain ? Effect.void : Effect.fail(
    new Refused({
      name: "unsupported-media-type",
      detail: "Send the body as application/json in UTF-8, without a content encoding.",
      headers: { accept: "application/json", "accept-encoding": "identity" }
    })
  )
}

const tooLarge = (maxBytes: number) =>
  new Refused({
    name: "content-too-large",
    detail: `The body may have ${maxBytes} bytes at most.`
  })

const read = (source: IncomingMessage, maxBytes: number): Effect.Effect<Buffer, Refused> =>
  Effect.async<Buffer, Refused>((resume) => {
    const chunks: Array<Buffer> = []
    let size = 0
    const settle = (result: Effect.Effect<Buffer, Refused>) => {
      source.off("data", hear).off("end", end).off("error", lost).off("close", lost)
      resume(result)
    }
    const hear = (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) settle(Effect.fail(tooLarge(maxBytes)))
      else chunks.push(chunk)
    }
    const end = () => settle(Effect.succeed(Buffer.concat(chunks)))
    const lost = () => settle(Effect.fail(malformed("The body ended early.")))
    if (Number(source.headers["content-length"] ?? "0") > maxBytes) return settle(Effect.fail(tooLarge(maxBytes)))
    source.on("data", hear).once("end", end).once("error", lost).once("close", lost)
  })

/**
 * Throws away what comes of a body that nobody wants, for 2 seconds at most: a connection that is closed while the caller
 * still writes loses the answer. Source: RFC 9112, §9.6.
 */
const discarded = (source: IncomingMessage): Effect.Effect<void> =>
  source.readableEnded || source.destroyed ? Effect.void : Effect.async<void>((resume) => {
    const done = () => resume(Effect.void)
    source.on("error", done).once("end", done).once("close", done).resume()
    return Effect.sync(() => source.off("end", done).off("close", done))
  }).pipe(Effect.timeoutOption("2 seconds"), Effect.asVoid)

// It keeps nothing from one text to the next, and to make one takes longer than to use it.
const utf8 = new TextDecoder("utf-8", { fatal: true })

const decodeUtf8 = (bytes: Buffer): Effect.Effect<string, Refused> =>
  Either.try({
    try: () => utf8.decode(bytes),
    catch: () => malformed("The body is not valid UTF-8.")
  })
