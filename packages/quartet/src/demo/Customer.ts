import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { PaymentMethodId, Sku } from "@quartet/contracts/Ids"
import * as OrderClient from "@quartet/contracts/OrderClient"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Quantity } from "@quartet/contracts/Quantity"
import { Context, Effect, Redacted, Schema } from "effect"

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

type Orders = Effect.Effect.Success<ReturnType<typeof OrderClient.make>>["orders"]

/** Who asks, of all those that the one client asks for. */
class Asker extends Context.Reference<Asker>()("quartet/demo/Customer/Asker", {
  defaultValue: (): Customer => ({ url: "", token: Redacted.make("") })
}) {}

const clients = new WeakMap<HttpClient.HttpClient, Orders>()

/** One client for everybody: making it, and its first requests, take many times as long as a request does. */
const client = Effect.gen(function*() {
  const http = yield* HttpClient.HttpClient
  const known = clients.get(http)
  if (known !== undefined) return known
  const byAsker = HttpClient.mapRequestEffect(http, (request) =>
    Effect.map(
      Asker,
      ({ token, url }) => HttpClientRequest.bearerToken(HttpClientRequest.prependUrl(request, url), token)
    ))
  const { orders } = yield* Effect.provideService(OrderClient.make({ url: "" }), HttpClient.HttpClient, byAsker)
  clients.set(http, orders)
  return orders
})

/** Asks of orders as this customer. */
export const asking = <A, E, R>(customer: Customer, ask: (orders: Orders) => Effect.Effect<A, E, R>) =>
  Effect.provideService(Effect.flatMap(client, ask), Asker, customer)

const patiently = OrderClient.waiting("15 seconds")

/** Places an order and waits until it is known whether there is enough. */
export const place = (customer: Customer, sku: string, quantity: number) =>
  asking(customer, (orders) => {
    const payload = { lines: [{ sku: Sku.make(sku), quantity: Quantity.make(quantity) }] } as const
    return granted(orders.place({ headers: patiently, payload }))
  })

/** Presses the button: the answer as it comes, whatever it is. */
export const pressPay = (customer: Customer, { id }: Pick<OrderView, "id">, card: string, key: string) =>
  asking(customer, (orders) => {
    const headers = { ...patiently, ...OrderClient.keyed(key) }
    const payload = { paymentMethodId: PaymentMethodId.make(card) }
    return orders.pay({ path: { id }, headers, payload, withResponse: true }).pipe(
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
  })

export const cancel = (customer: Customer, { id }: Pick<OrderView, "id">) =>
  asking(customer, (orders) => granted(orders.cancel({ path: { id }, headers: patiently })))

/** The order as it is now. */
export const look = (
  customer: Customer,
  { id }: { readonly id: string },
  headers: { readonly prefer?: string } = {}
) =>
  asking(customer, (orders) => granted(orders.get({ path: { id }, headers }))).pipe(
    Effect.flatMap((order) =>
      order === undefined
        ? Effect.dieMessage("It was asked for, whatever its version.")
        : Effect.succeed(order)
    )
  )

/** The order once nothing is under way any more. */
export const settled = (customer: Customer, order: Pick<OrderView, "id">) => look(customer, order, patiently)

/** What happened to an order, the beginning first. */
export const history = (customer: Customer, { id }: Pick<OrderView, "id">) =>
  Effect.map(
    asking(customer, (orders) => granted(orders.history({ path: { id }, urlParams: { limit: 100 } }))),
    ({ items }) => items
  )
