import { Clock, Console, Effect, Layer } from "effect"
import { Services } from "../support/Services.ts"
import { newProduct, NotAsWished, until } from "../support/Shop.ts"
import { count } from "../support/Tables.ts"
import { customers } from "./Customers.ts"
import { database } from "./Database.ts"
import { closedLoop } from "./load.ts"
import { rate } from "./Measured.ts"
import { placing, processes } from "./Processes.ts"
import { processorTime } from "./Usage.ts"

/**
 * So many that more of them bring nobody more orders. One of each has enough in 128, but two share them, and then wait for
 * the callers instead of the processors.
 */
const clients = 256
/** For each process, until its code is compiled. */
const warmUp = 12_000
/** They take turns, so that whatever else the machine does meets both alike. */
const rounds = 6
const each = 2000

/** What is left to do is few rows: counting all that was done, as often, would take a part of the time that is measured. */
const drafts = count("\"order\".orders WHERE status = 'Draft'")
const reserved = count("\"order\".orders WHERE status = 'Reserved'")

/** What a number of orders took, from the first request until the goods of the last were held. */
interface Spent {
  readonly seconds: number
  /** Of all processes of the four services, in milliseconds. */
  readonly processor: number
}

const sum = (one: Spent, other: Spent): Spent => ({
  seconds: one.seconds + other.seconds,
  processor: one.processor + other.processor
})

const processorOfAll = Effect.flatMap(
  Services,
  ({ members }) =>
    Effect.reduce(
      members,
      0,
      (all, { running }) => Effect.flatMap(running, ({ pid }) => Effect.map(processorTime(pid), (one) => all + one))
    )
)

/** A way to place so many orders, with so many processes of each service that have nothing else to do. */
const shopOf = (replicas: number) =>
  Effect.gen(function*() {
    const context = yield* Layer.build(Layer.fresh(Layer.provide(processes({ replicas }), database)))
    const urls = yield* Effect.provide(Effect.map(Services, ({ of }) => of("order").map(({ url }) => url)), context)
    const [customerOf, sku] = yield* Effect.provide(Effect.all([customers, newProduct(1_000_000)]), context)
    const run = Effect.fnUntraced(function*(orders: number) {
      const wanted = (yield* reserved) + orders
      const before = yield* processorOfAll
      const began = yield* Clock.currentTimeMillis
      const sent = yield* Effect.promise(() =>
        closedLoop(clients, orders, (index) => {
          const customer = customerOf(index)
          return placing({ ...customer, url: urls[index % urls.length] ?? customer.url }, sku)
        })
      )
      const refused = sent.find(({ status }) => status !== 201)
      if (refused !== undefined) return yield* new NotAsWished({ seen: refused })
      yield* until(drafts, (n) => n === 0, "30 seconds")
      const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
      const processor = (yield* processorOfAll) - before
      const held = yield* reserved
      if (held !== wanted) return yield* new NotAsWished({ seen: held })
      return { seconds, processor } satisfies Spent
    }, Effect.provide(context))
    yield* run(warmUp * replicas)
    return run
  })

const nothing: Spent = { seconds: 0, processor: 0 }

export const replicas = Effect.scoped(Effect.gen(function*() {
  const shops = { one: yield* shopOf(1), two: yield* shopOf(2) }
  let [one, two] = [nothing, nothing]
  for (let round = 0; round < rounds; round++) {
    one = sum(one, yield* shops.one(each))
    two = sum(two, yield* shops.two(each))
  }
  const total = rounds * each
  const [alone, together] = [one.processor / total, two.processor / total].map((each) => each.toFixed(2))
  yield* Console.log(`  (each order costs the services ${together} ms of the processor; with one of each, ${alone} ms)`)
  return [rate("two replicas of each service, against one", "orders/s", total / two.seconds, total / one.seconds, 0.9)]
}))
