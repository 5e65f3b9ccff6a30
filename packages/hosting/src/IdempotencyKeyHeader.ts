import type { HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { holdsCardNumber } from "@quartet/contracts/CardNumber"
import { Effect, Option, Schema } from "effect"
import { createHash } from "node:crypto"

/** The header is there and is not one key. */
export class InvalidKey extends Schema.TaggedError<InvalidKey>()("InvalidKey", { detail: Schema.String }) {}

const bare = /^(?!")[\x20-\x7E]{1,255}$/
const quoted = /^"((?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\["\\])+)"$/

/**
 * The key as one text, 1 to 255 printable ASCII characters. The quoted form and the bare form of a key are the same key.
 * Source: draft-ietf-httpapi-idempotency-key-header; RFC 8941, §3.3.3 (strings).
 */
export const parse = (value: string): Option.Option<string> => {
  if (bare.test(value)) return Option.some(value)
  return Option.fromNullable(quoted.exec(value)?.[1]).pipe(
    Option.map((text) => text.replaceAll(/\\(["\\])/g, "$1")),
    Option.filter((text) => text.length <= 255)
  )
}

/** The request's key, if it has one. Headers are read as they were sent, since two of one name are joined elsewhere. */
export const read = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<Option.Option<string>, InvalidKey> => {
  const sent = NodeHttpServerRequest.toIncomingMessage(request).headersDistinct["idempotency-key"] ?? []
  const [value, ...others] = sent
  if (value === undefined) return Effect.succeedNone
  if (others.length > 0) return new InvalidKey({ detail: "Send one Idempotency-Key, not several." })
  return Option.match(parse(value), {
    onNone: () => new InvalidKey({ detail: "An Idempotency-Key is 1 to 255 printable ASCII characters." }),
    onSome: (key) =>
      holdsCardNumber(key)
        ? new InvalidKey({ detail: "An Idempotency-Key must not hold a card number." })
        : Effect.succeedSome(key)
  })
}

const canonical = Schema.encodeSync(Schema.parseJson(Schema.Array(Schema.String)))

/**
 * Tells one request from another under the same key: method, route, path parameters and the body as we understood it, so
 * that the order of its members, white space and escapes make no difference.
 */
export const fingerprint = (
  method: string,
  route: string,
  path: ReadonlyArray<string>,
  body: string
): string => createHash("sha256").update(canonical([method, route, ...path, body])).digest("hex")
