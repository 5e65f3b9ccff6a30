import { Either, Schema } from "effect"
import type { Delivery } from "../Broker.ts"
import { Envelope } from "../Message.ts"
import { explain } from "./explain.ts"

/**
 * The longest body that is read, in UTF-16 code units. The largest message of the catalogue, an order of fifty lines, has
 * some 20,000. A larger bound would let one message keep a consumer busy for longer than a batch may take.
 */
export const longestBody = 1_048_576

const decode = Schema.decodeUnknownEither(Envelope)
const parse = Schema.decodeEither(Schema.parseJson())

/** The envelope of a delivery, or why it has none. */
export const readEnvelope = ({ body, encoding }: Delivery): Either.Either<Envelope, string> => {
  if (encoding !== undefined) {
    return Either.left("Not an envelope: its bytes are no UTF-8 text; they are kept in base64.")
  }
  if (body.length > longestBody) {
    return Either.left(`Not an envelope: ${body.length} characters are more than the ${longestBody} that are read.`)
  }
  const parsed = parse(body)
  if (Either.isLeft(parsed)) return Either.left(`Not an envelope: ${explain(parsed.left)}`)
  const fault = faultOf(body, parsed.right)
  if (fault !== undefined) return Either.left(`Not an envelope: ${fault}`)
  const read = decode(parsed.right)
  if (Either.isLeft(read)) return Either.left(`Not an envelope: ${explain(read.left)}`)
  const { dataschema, type } = read.right
  return dataschema === schemaOf(type)
    ? Either.right(read.right)
    : Either.left(`Not an envelope: its dataschema is ${dataschema}, and its type is ${type}.`)
}

const schemaOf = (type: string): string => `urn:quartet:message:${type}`

/** What JSON allows and no message may have. Our own text passes the first two comparisons, which cost little. */
const faultOf = (body: string, value: unknown): string | undefined => {
  if (body.includes("\\u") && holdsUnstorable(value)) return "a text in it holds a NUL or half a character."
  return isOurText(body, value) || namesIn(body) === namesOf(value) ? undefined : "an object in it has one name twice."
}

/** JSON as our own outbox writes it has each name once. */
const isOurText = (body: string, value: unknown): boolean => {
  // To write a value takes more stack than to read it.
  const written = Either.try(() => JSON.stringify(value))
  return Either.isRight(written) && written.right === body
}

const strings = /"[^"\\]*(?:\\.[^"\\]*)*"\s*(:?)/gs

/** How many names the objects of a JSON text have: each is a string before a colon. */
const namesIn = (body: string): number => {
  let count = 0
  for (const [, colon] of body.matchAll(strings)) if (colon === ":") count += 1
  return count
}

/** How many names are left of them in the value, where the last of equal names has replaced the others. */
const namesOf = (value: unknown): number => {
  let count = 0
  for (const part of partsOf(value)) if (!Array.isArray(part)) count += Object.keys(part).length
  return count
}

/** Every object and array in a value, without recursion: a message may be nested as deeply as JSON can be read. */
function* partsOf(value: unknown): Generator<object> {
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== "object" || next === null) continue
    yield next
    for (const one of Object.values(next)) left.push(one)
  }
}

const unstorable = /[\0\p{Cs}]/u

/** PostgreSQL's text holds neither NUL nor lone surrogates, so such a message could be neither claimed nor applied. */
const holdsUnstorable = (value: unknown): boolean => {
  if (typeof value === "string") return unstorable.test(value)
  for (const part of partsOf(value)) {
    for (const [name, one] of Object.entries(part)) {
      if (unstorable.test(name) || (typeof one === "string" && unstorable.test(one))) return true
    }
  }
  return false
}
