import { Clock, Effect, Schema } from "effect"
import { v7 } from "uuid"
import { Services } from "../support/Services.ts"
import { newCustomer, newProduct, until } from "../support/Shop.ts"
import { count } from "../support/Tables.ts"
import { send } from "./load.ts"
import { rate } from "./Measured.ts"
import { placing, processes } from "./Processes.ts"

const clients = 32
const orders = 1000
const warmUp = 1250

const Placed = Schema.parseJson(Schema.Struct({ id: Schema.String }))
const wait = { prefer: "wait=20" }

const shipped = count("\"order\".orders WHERE status = 'Shipped'")

/** Orders a second from the first request until the last parcel left, with so many processes of each service. */
const shippedPerSecond = (replicas: number) =>
  Effect.gen(function*() {
    const { of } = yield* Services
    const urls = of("order").map(({ url }) => url)
    const customer = yield* newCustomer
    const sku = yield* newProduct(1_000_000)
    // One replica takes the order, the next one the money: none of them may know more than the others.
    const replica = (index: number) => ({ ...customer, url: urls[index % urls.length] ?? customer.url })
    const buy = (index: number) =>
      Effect.gen(function*() {
        const order = placing(replica(index), sku, wait)
        const { id } = yield* Effect.flatMap(
          Effect.promise(() => send(order)),
          ({ body }) => Schema.decode(Placed)(body)
        )
        const headers = { ...order.headers, "idempotency-key": v7() }
        const url = `${replica(index + 1).url}/orders/${id}/pay`
        yield* Effect.promise(() => send({ url, headers, body: "{\"paymentMethodId\":\"pm_card_visa\"}" }))
      })
    const run = Effect.fnUntraced(function*(orders: number) {
      const wanted = (yield* shipped) + orders
      const began = yield* Clock.currentTimeMillis
      yield* Effect.forEach(Array.from({ length: orders }, (_, index) => index), buy, {
        concurrency: clients,
        discard: true
      })
      yield* until(shipped, (n) => n === wanted, "30 seconds")
      return orders / (((yield* Clock.currentTimeMillis) - began) / 1000)
    })
    // Twice as many processes take twice as many orders until their code is compiled.
    yield* run(warmUp * replicas)
    return yield* run(orders)
  }).pipe(Effect.provide(processes({ replicas })))

export const replicas = Effect.gen(function*() {
  const one = yield* shippedPerSecond(1)
  const two = yield* shippedPerSecond(2)
  return [rate("two replicas of each service, against one", "orders/s", two, one, 0.9)]
})
