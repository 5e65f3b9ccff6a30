import { subscriptions } from "@quartet/contracts/Catalog"
import { OrderPaid } from "@quartet/contracts/OrderMessages"
import { Effect, Option, Schema } from "effect"
import { readFile } from "node:fs/promises"
import type { Running } from "../support/Process.ts"
import { Services } from "../support/Services.ts"
import { until } from "../support/Shop.ts"
import { count, rows } from "../support/Tables.ts"
import { bound, rate } from "./Measured.ts"
import { processes } from "./Processes.ts"
import { brokerOf, newNamespace, publishRaw, rawChannel } from "./Wire.ts"
import { paid } from "./wiredConsumer.ts"

const waiting = 100_000
const chunk = 10_000
/** What a fresh process handles until its code is compiled: to hold it against the rest would hide a drain that slows. */
const warmUp = 10_000
const third = (waiting - warmUp) / 3

const consumer = "warehouse"
const warehouse = Option.getOrThrow(Option.fromNullable(subscriptions.find((one) => one.consumer === consumer)))
const handled = "warehouse.processed_messages WHERE consumer = $1 AND type = $2 AND outcome = 'applied'"

/** Paid orders, in the queue of a service that does not run yet. */
const fill = Effect.fn("waitingMessages.fill")(function*(namespace: string) {
  yield* brokerOf(namespace, warehouse)
  const channel = yield* rawChannel
  for (let sent = 0; sent < waiting; sent += chunk) {
    const bodies = Array.from({ length: chunk }, paid)
    yield* publishRaw(channel, { exchange: namespace, routingKey: OrderPaid.type, bodies })
  }
  return Effect.promise(() => channel.checkQueue(`${namespace}.${consumer}`))
})

/** The most that was ever resident of a process, in MiB, as the kernel keeps it: samples would miss what comes between. */
const mostResident = ({ pid }: Running) =>
  Effect.map(
    Effect.promise(() => readFile(`/proc/${pid}/status`, "utf8")),
    (status) => Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024
  )

const Reached = Schema.Struct({ seconds: Schema.Number })

/** How many seconds after the first each of these messages was handled, counted in the order of their handling. */
const reached = (...ranks: ReadonlyArray<number>) =>
  Effect.map(
    rows(
      Reached,
      `SELECT extract(epoch FROM processed_at - min(processed_at) OVER ())::float8 AS seconds FROM (
         SELECT processed_at, row_number() OVER (ORDER BY processed_at) AS rank FROM ${handled}) AS ranked
       WHERE rank IN (1, ${ranks.join(", ")}) ORDER BY rank`,
      [consumer, OrderPaid.type]
    ),
    (found) => found.slice(1).map(({ seconds }) => seconds)
  )

/** A service that finds a day's messages waiting: what it needs of memory, and whether it slows while they get fewer. */
export const waitingMessages = Effect.scoped(Effect.gen(function*() {
  const namespace = yield* newNamespace
  const queue = yield* fill(namespace)
  const drained = Effect.gen(function*() {
    const [member] = (yield* Services).of(consumer)
    const running = yield* Effect.flatten(Option.map(Option.fromNullable(member), ({ start }) => start))
    // Whoever counts rows all the time slows the drain, more and more: the broker is asked first.
    yield* until(queue, ({ messageCount }) => messageCount === 0, "90 seconds")
    yield* until(count(handled, consumer, OrderPaid.type), (n) => n === waiting)
    return {
      memory: yield* mostResident(running),
      ends: yield* reached(warmUp, warmUp + third, waiting - third, waiting)
    }
  })
  const { ends, memory } = yield* Effect.provide(drained, processes({ namespace, nothingYet: true }))
  const [start = 0, first = 0, last = 0, end = 0] = ends
  return [
    bound("100,000 waiting messages, most memory resident", "MiB", memory, 250),
    rate("the last third of them, against the first", "messages/s", third / (end - last), third / (first - start), 0.8)
  ]
}))
