import type { Reply, Unkept } from "./Reply.ts"
import type { Stamp } from "./Stamp.ts"

/** A request for a path under `/v1`, as far as it matters. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly authorization: string | undefined
  readonly idempotencyKey: string | undefined
  readonly version: string
}

/** What goes back: an answer, or bytes that are none, or nothing but a broken connection. */
export type Response = Answered | { readonly _tag: "Garbled" } | { readonly _tag: "Reset" }

export interface Answered {
  readonly _tag: "Answered"
  readonly reply: Reply | Unkept
  readonly requestId: string
  /** The request that ran, which for a replay is an earlier one. */
  readonly originalRequest: string
  readonly key: string | null
  readonly replayed: boolean
}

/** Answers a request with what it came to itself. */
export const answer = (stamp: Stamp, reply: Reply | Unkept): Answered => ({
  _tag: "Answered",
  reply,
  requestId: stamp.requestId,
  originalRequest: stamp.requestId,
  key: stamp.key,
  replayed: false
})

export const reset: Response = { _tag: "Reset" }
