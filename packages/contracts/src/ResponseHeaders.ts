const text = (description: string) => ({ description, schema: { type: "string" } })
const number = (description: string) => ({ description, schema: { type: "integer" } })

/** The header fields that answers of an edge may have, as an API's description defines them. */
export const headers = {
  "X-Correlation-Id": text("Names this request in our logs; sent by the caller, or made here"),
  "RateLimit-Limit": number("How many requests may be sent at once (draft-ietf-httpapi-ratelimit-headers-07)"),
  "RateLimit-Remaining": number("How many of them are left"),
  "RateLimit-Reset": number("Seconds until all of them are there again"),
  "Retry-After": number("Seconds to wait before asking again (RFC 9110, 10.2.3)"),
  "WWW-Authenticate": text("`Bearer` (RFC 6750)"),
  Location: text("Where the order is"),
  ETag: text("The order's version, for `If-None-Match` (RFC 9110, 8.8.3)"),
  "Idempotent-Replayed": text("`true` where this is the first answer to the key, given again"),
  "Preference-Applied": text("`wait=N`, as far as the wish was granted (RFC 7240)"),
  Link: text("Where the next page is, with `rel=\"next\"` (RFC 8288); absent on the last")
}

type Name = keyof typeof headers

/** What of a request decides which header fields its answers have. */
export interface Asked {
  /** The names of what it may say in its path, query and header, in lower case. */
  readonly parameters: ReadonlySet<string>
  /** Whether it is counted, so that one too many is refused. */
  readonly isCounted: boolean
}

const counted: ReadonlyArray<Name> = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]

const of: Readonly<Record<string, ReadonlyArray<Name>>> = {
  "201": ["Location"],
  "401": ["WWW-Authenticate"],
  "409": ["Retry-After"],
  "429": ["Retry-After"],
  "503": ["Retry-After"]
}

/** What an answer has because the request may say this: only a repeated answer may be a refusal. */
const becauseOf: ReadonlyArray<readonly [parameter: string, name: Name]> = [
  ["if-none-match", "ETag"],
  ["prefer", "Preference-Applied"],
  ["cursor", "Link"],
  ["idempotency-key", "Idempotent-Replayed"]
]

/** The names of the header fields that an answer with this status may have. */
export const headersOf = ({ isCounted, parameters }: Asked, status: string): ReadonlyArray<Name> => [
  "X-Correlation-Id",
  ...(isCounted ? counted : []),
  ...(of[status] ?? []),
  ...becauseOf.flatMap(([parameter, name]) =>
    parameters.has(parameter) && (Number(status) < 400 || name === "Idempotent-Replayed") ? [name] : []
  )
]
