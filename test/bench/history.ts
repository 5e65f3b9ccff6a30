import { Clock, Console, Effect, Redacted, Schema } from "effect"
import type * as Customer from "quartet/demo/Customer"
import * as Token from "quartet/Token"
import { System } from "../support/Addresses.ts"
import * as QuartetProcess from "../support/Quartet.ts"
import { newProduct } from "../support/Shop.ts"
import { rows } from "../support/Tables.ts"
import type { Post } from "./load.ts"
import { closedLoop, openLoop } from "./load.ts"
import { fill } from "./longHistory.ts"
import { bound, cost, percentile } from "./Measured.ts"
import { placing } from "./Processes.ts"

const customers = 100
const perSecond = 100
const seconds = 60
const warmUp = 3000
/** At the steady pace, until what the warm-up left behind is done. */
const settling = 10

const customer = (index: number) =>
  Effect.gen(function*() {
    const { order } = yield* System
    return { url: order, token: yield* Token.forCustomer(`history-${index}`) }
  })

const Kept = Schema.Struct({ id: Schema.String, customer: Schema.NumberFromString })

/** Some of the orders that there are, and whose each is. */
const sample = (percent: number) =>
  rows(
    Kept,
    `SELECT order_id AS id, substr(customer_id, 9) AS customer
     FROM "order".orders TABLESAMPLE BERNOULLI (${percent}) WHERE customer_id LIKE 'history-%' LIMIT 3000`
  )

const looking = ({ token, url }: Customer.Customer, id: string): Post => ({
  method: "GET",
  url: `${url}/orders/${id}`,
  headers: { authorization: `Bearer ${Redacted.value(token)}` },
  body: ""
})

const oneOf = (posts: ReadonlyArray<Post>, index: number): Post => {
  const post = posts[index % posts.length]
  if (post === undefined) throw new Error("There is nothing to send.")
  return post
}

/** What is sent, every other time an order and every other time a look at one of those that were kept. */
const requests = Effect.fnUntraced(function*(
  percent: number,
  all: ReadonlyArray<Customer.Customer>,
  places: ReadonlyArray<Post>
) {
  const kept = yield* sample(percent)
  const looks = kept.flatMap(({ customer, id }) => {
    const one = all[customer]
    return one === undefined ? [] : [looking(one, id)]
  })
  return (index: number): Post => {
    const turn = Math.floor(index / 2)
    // A prime, so that the looks are spread over all that are there.
    return index % 2 === 0 ? oneOf(places, turn) : oneOf(looks, turn * 7919)
  }
})

/** How long all but one in a hundred took at most, of orders and of looks, at a steady pace of both. */
const measured = Effect.fnUntraced(function*(next: (index: number) => Post) {
  yield* Effect.promise(() => closedLoop(16, warmUp, next))
  yield* Effect.promise(() => openLoop(2 * perSecond, settling, next))
  const sent = yield* Effect.promise(() => openLoop(2 * perSecond, seconds, next))
  const refused = sent.filter(({ status }) => status !== 200 && status !== 201)
  const [first] = refused
  if (first !== undefined) {
    yield* Console.log(`  ${refused.length} were refused, one with ${first.status}: ${first.body}`)
  }
  const p99 = (parity: number) =>
    percentile(sent.filter((_, index) => index % 2 === parity).map(({ milliseconds }) => milliseconds), 0.99)
  return { placing: p99(0), looking: p99(1) }
})

/** A shop in its first hour, and the same with a year behind it. */
export const history = Effect.gen(function*() {
  const all = yield* Effect.forEach(Array.from({ length: customers }), (_, index) => customer(index))
  const sku = yield* newProduct(1_000_000)
  const places = all.map((one) => placing(one, sku))
  yield* Effect.promise(() => closedLoop(16, warmUp, (index) => oneOf(places, index)))
  const young = yield* measured(yield* requests(100, all, places))
  const began = yield* Clock.currentTimeMillis
  yield* fill(customers)
  const took = ((yield* Clock.currentTimeMillis) - began) / 1000
  yield* Console.log(`  (the history was written in ${Math.round(took)} seconds)`)
  const old = yield* measured(yield* requests(0.3, all, places))
  return [
    bound(`POST /orders at ${perSecond}/s in new tables, p99`, "ms", young.placing, 25),
    bound(`GET /orders/{id} at ${perSecond}/s in new tables, p99`, "ms", young.looking, 10),
    bound("POST /orders with 1,000,000 orders behind it, p99", "ms", old.placing, 25),
    bound("GET /orders/{id} with 1,000,000 orders behind it, p99", "ms", old.looking, 10),
    cost("POST /orders, with and without a history, p99", "ms", old.placing, young.placing, 1.25),
    cost("GET /orders/{id}, with and without a history, p99", "ms", old.looking, young.looking, 1.25)
  ]
}).pipe(Effect.provide(QuartetProcess.layer()))
