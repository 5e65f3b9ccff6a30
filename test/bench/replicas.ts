import { Clock, Effect } from "effect"
import { Services } from "../support/Services.ts"
import { newProduct, NotAsWished, until } from "../support/Shop.ts"
import { count } from "../support/Tables.ts"
import { customers } from "./Customers.ts"
import { closedLoop } from "./load.ts"
import { rate } from "./Measured.ts"
import { placing, processes } from "./Processes.ts"

const clients = 32
const orders = 2000
/** For each process, until its code is compiled. */
const warmUp = 1500

const reserved = count("\"order\".orders WHERE status = 'Reserved'")

/** Orders a second from the first request until the goods of the last were held, with so many processes of each service. */
const reservedPerSecond = (replicas: number) =>
  Effect.gen(function*() {
    const urls = (yield* Services).of("order").map(({ url }) => url)
    const customerOf = yield* customers
    const sku = yield* newProduct(1_000_000)
    const run = Effect.fnUntraced(function*(orders: number) {
      const wanted = (yield* reserved) + orders
      const began = yield* Clock.currentTimeMillis
      const sent = yield* Effect.promise(() =>
        closedLoop(clients, orders, (index) => {
          const customer = customerOf(index)
          return placing({ ...customer, url: urls[index % urls.length] ?? customer.url }, sku)
        })
      )
      const refused = sent.find(({ status }) => status !== 201)
      if (refused !== undefined) return yield* new NotAsWished({ seen: refused })
      yield* until(reserved, (n) => n === wanted, "30 seconds")
      return orders / (((yield* Clock.currentTimeMillis) - began) / 1000)
    })
    yield* run(warmUp * replicas)
    return yield* run(orders)
  }).pipe(Effect.provide(processes({ replicas })))

export const replicas = Effect.gen(function*() {
  const one = yield* reservedPerSecond(1)
  const two = yield* reservedPerSecond(2)
  return [rate("two replicas of each service, against one", "orders/s", two, one, 0.9)]
})
