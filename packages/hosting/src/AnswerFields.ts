import type { HttpServerResponse } from "@effect/platform/HttpServerResponse"
import * as Correlation from "./Correlation.ts"

type Fields = Readonly<Record<string, string>>

/** What an answer's fields depend on beside the answer itself. */
export interface Circumstances {
  readonly correlationId: string
  /** What its admission says of its sender's limits. */
  readonly admitted: Fields
  readonly cors: Fields
  /** The server was told to stop: this is the connection's last answer. */
  readonly isStopping: boolean
}

const plain = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'"
}

const page = {
  ...plain,
  "content-security-policy":
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'"
}

/** The header fields of an answer: what every answer says, unless it says otherwise itself. */
export const of = ({ headers, status }: HttpServerResponse, circumstances: Circumstances): Fields => {
  const { admitted, correlationId, cors, isStopping } = circumstances
  const isPage = headers["content-type"]?.startsWith("text/html") ?? false
  return {
    ...(isPage ? page : plain),
    ...(isStopping ? { connection: "close" } : undefined),
    ...(status === 401 ? { "www-authenticate": "Bearer" } : undefined),
    ...admitted,
    ...headers,
    ...cors,
    [Correlation.header]: correlationId
  }
}
