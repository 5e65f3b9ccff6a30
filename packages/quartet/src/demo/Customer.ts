import { PaymentMethodId, Sku } from "@quartet/contracts/Ids"
import * as OrderClient from "@quartet/contracts/OrderClient"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Quantity } from "@quartet/contracts/Quantity"
import type { Redacted } from "effect"
import { Effect, Schema } from "effect"

/** Somebody who orders things, over HTTP like everybody else. */
export interface Customer {
  readonly url: string
  readonly token: Redacted.Redacted<string>
}

/** The shop said no where nobody expected it. */
export class SaidNo extends Schema.TaggedError<SaidNo>()("SaidNo", {
  type: Schema.String,
  status: Schema.Int,
  detail: Schema.String
}) {
  override get message() {
    return `It was refused with ${this.status} ${this.type}: ${this.detail}`
  }
}

/** Takes every refusal for something that should not have happened. */
export const granted = <A, E, R>(asked: Effect.Effect<A, E, R>) =>
  Effect.catchIf(asked, OrderClient.isProblem<E>, (problem) => new SaidNo(problem))

const patiently = OrderClient.waiting("15 seconds")

/** Places an order and waits until it is known whether there is enough. */
export const place = Effect.fn("Customer.place")(function*(customer: Customer, sku: string, quantity: number) {
  const { orders } = yield* OrderClient.make(customer)
  const payload = { lines: [{ sku: Sku.make(sku), quantity: Quantity.make(quantity) }] } as const
  return yield* granted(orders.place({ headers: patiently, payload }))
})

/** Presses the button: the answer as it comes, whatever it is. */
export const pressPay = Effect.fn("Customer.pressPay")(
  function*(customer: Customer, { id }: Pick<OrderView, "id">, card: string, key: string) {
    const { orders } = yield* OrderClient.make(customer)
    const headers = { ...patiently, ...OrderClient.keyed(key) }
    const payload = { paymentMethodId: PaymentMethodId.make(card) }
    return yield* orders.pay({ path: { id }, headers, payload, withResponse: true }).pipe(
      Effect.map(([order, response]) => ({
        status: response.status,
        replayed: OrderClient.isReplay(response),
        said: order.status
      })),
      Effect.catchIf(
        OrderClient.isProblem,
        ({ status, type }) => Effect.succeed({ status, replayed: false, said: type })
      )
    )
  }
)

export const cancel = Effect.fn("Customer.cancel")(function*(customer: Customer, { id }: Pick<OrderView, "id">) {
  const { orders } = yield* OrderClient.make(customer)
  return yield* granted(orders.cancel({ path: { id }, headers: patiently }))
})

/** The order as it is now. */
export const look = Effect.fn("Customer.look")(
  function*(customer: Customer, { id }: { readonly id: string }, headers: { readonly prefer?: string } = {}) {
    const { orders } = yield* OrderClient.make(customer)
    const order = yield* granted(orders.get({ path: { id }, headers }))
    return order ?? (yield* Effect.dieMessage("It was asked for, whatever its version."))
  }
)

/** The order once nothing is under way any more. */
export const settled = (customer: Customer, order: Pick<OrderView, "id">) => look(customer, order, patiently)

/** What happened to an order, the beginning first. */
export const history = Effect.fn("Customer.history")(function*(customer: Customer, { id }: Pick<OrderView, "id">) {
  const { orders } = yield* OrderClient.make(customer)
  const { items } = yield* granted(orders.history({ path: { id }, urlParams: { limit: 100 } }))
  return items
})
