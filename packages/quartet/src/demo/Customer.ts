import type { Redacted } from "effect"
import { Effect, Schema } from "effect"
import { ask, demand } from "../Shop.ts"

const Money = Schema.Struct({ amount: Schema.Int, currency: Schema.String })

/** What the tour reads of an order. */
export const Order = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  total: Money,
  refund: Schema.String,
  reason: Schema.optional(Schema.String)
})
export type Order = typeof Order.Type

/** One line of an order's audit trail. */
export const Entry = Schema.Struct({
  from: Schema.NullOr(Schema.String),
  to: Schema.String,
  event: Schema.String,
  actor: Schema.String,
  at: Schema.DateTimeUtc
})
export type Entry = typeof Entry.Type

const History = Schema.Struct({ items: Schema.Array(Entry) })

/** Somebody who orders things, over HTTP like everybody else. */
export interface Customer {
  readonly url: string
  readonly token: Redacted.Redacted<string>
}

const wait = { Prefer: "wait=15" }

/** Places an order and waits until it is known whether there is enough. */
export const place = ({ token, url }: Customer, sku: string, quantity: number) =>
  demand({ method: "POST", url: `${url}/orders`, token, headers: wait, body: { lines: [{ sku, quantity }] } }, Order)

/** Presses the button: the answer as it comes, whatever it is. */
export const pressPay = Effect.fn("Customer.pressPay")(
  function*({ token, url }: Customer, order: Order, paymentMethodId: string, key: string) {
    const response = yield* ask({
      method: "POST",
      url: `${url}/orders/${order.id}/pay`,
      token,
      headers: { ...wait, "Idempotency-Key": key },
      body: { paymentMethodId }
    })
    return {
      status: response.status,
      replayed: response.headers["idempotent-replayed"] === "true",
      body: yield* response.text
    }
  }
)

export const cancel = ({ token, url }: Customer, order: Order) =>
  demand({ method: "POST", url: `${url}/orders/${order.id}/cancel`, token, headers: wait }, Order)

/** The order once nothing is under way any more. */
export const settled = ({ token, url }: Customer, order: Order) =>
  demand({ method: "GET", url: `${url}/orders/${order.id}`, token, headers: wait }, Order)

export const history = ({ token, url }: Customer, order: Order) =>
  Effect.map(demand({ method: "GET", url: `${url}/orders/${order.id}/history`, token }, History), ({ items }) => items)
