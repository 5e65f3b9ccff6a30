import { PlaceOrder } from "@quartet/contracts/OrderApi"
import { Effect, Schema } from "effect"
import type { Customer } from "quartet/demo/Customer"
import { asking, granted } from "quartet/demo/Customer"
import { ask } from "quartet/Shop"
import { newCustomer, newProduct } from "./Shop.ts"

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

export interface Line {
  readonly sku: string
  readonly quantity: number
}

/** Orders these lines, and waits for nothing unless told to. */
export const order = (customer: Customer, lines: ReadonlyArray<Line>, prefer = "wait=0") =>
  Effect.flatMap(
    wanted({ lines }),
    (payload) => asking(customer, (orders) => granted(orders.place({ headers: { prefer }, payload })))
  )

const wanted = Schema.decodeUnknown(PlaceOrder)

/** A customer, a product of which there are 20, and an order of one that waits to be paid. */
export const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(20)
  const placed = yield* order(customer, [{ sku, quantity: 1 }], "wait=15")
  return { customer, sku, placed, path: `/orders/${placed.id}` }
})

const Problem = Schema.parseJson(Schema.Struct({ type: Schema.String, status: Schema.Int }))

/** The last word of a problem's type, such as `order-cancelled`, beside its status. */
export const problemOf = (answer: Answered) =>
  Effect.map(Schema.decode(Problem)(answer.body), ({ type }) => `${answer.status} ${type.split(/[/:]/).at(-1) ?? ""}`)
