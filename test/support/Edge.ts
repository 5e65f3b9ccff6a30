import { Effect, Schema } from "effect"
import type { Customer } from "quartet/demo/Customer"
import { ask, demand } from "quartet/Shop"

/** An answer as it came, to the byte. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Request {
  readonly key?: string
  readonly prefer?: string
  readonly ifNoneMatch?: string
  readonly body?: unknown
}

const headersOf = ({ ifNoneMatch, key, prefer }: Request) => ({
  ...(key === undefined ? {} : { "Idempotency-Key": key }),
  ...(prefer === undefined ? {} : { Prefer: prefer }),
  ...(ifNoneMatch === undefined ? {} : { "If-None-Match": ifNoneMatch })
})

const answered = (method: "GET" | "POST") =>
  Effect.fn("Edge.answered")(function*({ token, url }: Customer, path: string, request: Request = {}) {
    const { body } = request
    const asked = { method, url: `${url}${path}`, token, headers: headersOf(request) }
    const response = yield* ask(body === undefined ? asked : { ...asked, body })
    const answer: Answered = { status: response.status, headers: response.headers, body: yield* response.text }
    return answer
  })

/** Sends one request and takes whatever comes. */
export const post = answered("POST")
export const get = answered("GET")

const Money = Schema.Struct({ amount: Schema.Int, currency: Schema.String })

/** An order with everything that its customer sees. */
export const OrderSeen = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  version: Schema.Int,
  lines: Schema.Array(
    Schema.Struct({ sku: Schema.String, name: Schema.String, quantity: Schema.Int, unitPrice: Money })
  ),
  total: Money,
  refund: Schema.String,
  reason: Schema.optional(Schema.String),
  holdUntil: Schema.optional(Schema.DateTimeUtc),
  nextAction: Schema.optional(Schema.Struct({ type: Schema.String, url: Schema.optional(Schema.String) }))
})
export type OrderSeen = typeof OrderSeen.Type

export interface Line {
  readonly sku: string
  readonly quantity: number
}

/** Orders these lines, and waits for nothing unless told to. */
export const order = ({ token, url }: Customer, lines: ReadonlyArray<Line>, prefer = "wait=0") =>
  demand({ method: "POST", url: `${url}/orders`, token, headers: { Prefer: prefer }, body: { lines } }, OrderSeen)

/** The order as it is now, with everything. */
export const see = ({ token, url }: Customer, { id }: { readonly id: string }) =>
  demand({ method: "GET", url: `${url}/orders/${id}`, token }, OrderSeen)

const Problem = Schema.parseJson(Schema.Struct({ type: Schema.String, status: Schema.Int }))

/** The last word of a problem's type, such as `order-cancelled`, beside its status. */
export const problemOf = (answer: Answered) =>
  Effect.map(Schema.decode(Problem)(answer.body), ({ type }) => `${answer.status} ${type.split(/[/:]/).at(-1) ?? ""}`)
