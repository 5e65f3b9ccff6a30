import { Clock, Console, Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import * as Process from "../support/Process.ts"
import { Quartet } from "../support/Quartet.ts"
import * as QuartetProcess from "../support/Quartet.ts"
import { becomes, newProduct } from "../support/Shop.ts"
import { customers } from "./Customers.ts"
import type { Sent } from "./load.ts"
import { closedLoop, openLoop } from "./load.ts"
import { bound, median, percentile } from "./Measured.ts"
import { placing as toPlace } from "./Processes.ts"
import { processorTime, resident } from "./Usage.ts"

const secondsUntilReady = Effect.fn("wholeSystem.secondsUntilReady")(function*(home: Process.Home) {
  const began = yield* Clock.currentTimeMillis
  const running = yield* Process.start(home)
  const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
  yield* running.tell("SIGINT")
  yield* running.ended
  return seconds
})

/** From the command to the first request that could be answered, on a checkout whose program is built. */
export const startUp = Effect.scoped(Effect.gen(function*() {
  yield* secondsUntilReady(yield* Process.makeHome())
  const home = yield* Process.makeHome()
  const first = yield* secondsUntilReady(home)
  const second = yield* secondsUntilReady(home)
  return [bound("start, with a database to make", "s", first, 3), bound("start, the second time", "s", second, 2)]
}))

const isWaiting = (index: number) => index % 10 === 0

const orders = Effect.gen(function*() {
  const customerOf = yield* customers
  const sku = yield* newProduct(1_000_000)
  const placed = (index: number) => toPlace(customerOf(index), sku, isWaiting(index) ? { prefer: "wait=10" } : {})
  return { placed, customer: customerOf(0), sku }
})

const times = (sent: ReadonlyArray<Sent>, wanted: (index: number) => boolean) =>
  sent.filter((_, index) => wanted(index)).map(({ milliseconds }) => milliseconds)

/** Everything live in one process: orders at a steady pace, whether earlier ones were answered or not. */
export const underLoad = Effect.gen(function*() {
  const { customer, placed, sku } = yield* orders
  const manyAtOnce = Effect.gen(function*() {
    yield* Effect.promise(() => closedLoop(16, 3000, placed))
    // The last order is reserved after all before it: nothing of them waits any more.
    const last = yield* Customer.place(customer, sku, 1)
    yield* becomes(customer, last, "Reserved")
  })
  yield* manyAtOnce
  yield* Console.log("  (3,000 orders to warm up; now 100 a second for 40 seconds)")
  const { running } = yield* Quartet
  const { pid } = yield* running
  const before = yield* processorTime(pid)
  const sent = yield* Effect.promise(() => openLoop(100, 40, placed))
  const each = ((yield* processorTime(pid)) - before) / sent.length
  const placing = times(sent, (n) => !isWaiting(n))
  const reserving = times(sent, isWaiting)
  const halves = [placing, reserving].map((all) => Math.round(median(all)))
  yield* Console.log(
    `  (half were placed within ${halves[0]} ms, and reserved within ${halves[1]}; ${
      each.toFixed(1)
    } ms of processor each)`
  )
  const refused = sent.filter(({ status }) => status !== 201).length
  if (refused > 0) yield* Console.log(`  ${refused} requests were refused`)
  yield* manyAtOnce
  const memory = yield* resident(pid)
  return [
    bound("POST /orders at 100/s, everything live, p99", "ms", percentile(placing, 0.99), 50),
    bound("place to Reserved at 100/s, p99", "ms", percentile(reserving, 0.99), 150),
    bound("resident memory after 10,000 orders", "MiB", memory, 350)
  ]
}).pipe(Effect.provide(QuartetProcess.layer({
  WAREHOUSE_DISPATCH_AFTER: "2 seconds"
})))
