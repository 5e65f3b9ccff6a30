import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import type { BodyBudget } from "./BodyBudget.ts"
import { malformed } from "./JsonText.ts"
import type { NodeRequest } from "./NodeRequest.ts"
import { Refused } from "./Problem.ts"
import { overloaded } from "./Refusals.ts"

/** How much is read, and on whose account. */
export interface Reading {
  readonly maxBodyBytes: number
  readonly bodies: BodyBudget
  /** Whether the sender has a good token. */
  readonly isKnown: boolean
}

/**
 * Reads the whole body before any handler runs, up to the limit, into the request. The platform has no limit of its own,
 * and going over one it is given ends the connection without an answer.
 */
export const received = (request: NodeRequest, reading: Reading): Effect.Effect<void, Refused> => {
  const { source } = request
  return isAcceptable(source)
    ? Effect.tapError(read(request, reading), () => discarded(source))
    : Effect.zipRight(discarded(source), Effect.fail(unsupported))
}

export const hasBody = ({ source }: NodeRequest): boolean =>
  source.headers["transfer-encoding"] !== undefined || Number(source.headers["content-length"] ?? "0") > 0

/** JSON in UTF-8, uncompressed; a missing type is taken for JSON. */
const isAcceptable = ({ headers }: IncomingMessage): boolean => {
  const type = headers["content-type"] ?? plainJson
  const isKnown = type === plainJson || /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)
  return isKnown && (headers["content-encoding"] ?? "identity") === "identity"
}

const plainJson = "application/json"

const unsupported = new Refused({
  name: "unsupported-media-type",
  detail: "Send the body as application/json in UTF-8, without a content encoding.",
  headers: { accept: plainJson, "accept-encoding": "identity" }
})

const tooLarge = (maxBytes: number) =>
  new Refused({
    name: "content-too-large",
    detail: `The body may have ${maxBytes} bytes at most.`
  })

const read = (
  request: NodeRequest,
  { bodies, isKnown, maxBodyBytes: maxBytes }: Reading
): Effect.Effect<void, Refused> =>
  Effect.async<void, Refused>((resume) => {
    const { source } = request
    const chunks: Array<Buffer> = []
    let size = 0
    const settle = (result: Effect.Effect<void, Refused>) => {
      counted.end()
      source.off("data", hear).off("end", end).off("error", lost).off("close", lost)
      resume(result)
    }
    const counted = bodies.begin(isKnown, () => settle(Effect.fail(overloaded)))
    const hear = (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) return settle(Effect.fail(tooLarge(maxBytes)))
      chunks.push(chunk)
      return counted.add(chunk.length)
    }
    const end = () => {
      const [first, ...others] = chunks
      const bytes = first !== undefined && others.length === 0 ? first : Buffer.concat(chunks)
      settle(request.receive(bytes) ? Effect.void : Effect.fail(malformed("The body is not valid UTF-8.")))
    }
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
