import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Database } from "@quartet/hosting/Database"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { ConfigProvider, Console, Effect, Layer, Redacted, Schedule } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { freePorts, System } from "../support/Addresses.ts"
import { newProduct, NotAsWished } from "../support/Shop.ts"
import { customers } from "./Customers.ts"
import type { Post, Sent } from "./load.ts"
import { closedLoop, openLoop, send } from "./load.ts"
import { cost, percentile, rate } from "./Measured.ts"
import { placing } from "./Processes.ts"
import { processorTime } from "./Usage.ts"

const clients = 32
/** For each of the two, until its code is compiled. */
const warmUp = 4000
/** They take turns, so that whatever else the machine does meets both alike. */
const rounds = 4
const each = 2000

/** A server to be measured. */
interface Contender {
  readonly prices: string
  readonly url: string
  readonly pid: number
}

const program = join("packages", "quartet", "bin", "run.js")

/** Runs an entry of this folder as a process of its own, as the order service's role on its tables, until it answers. */
const contender = Effect.fnUntraced(function*(entry: string) {
  const database = yield* (yield* Database).connectionFor("order")
  const { order: port, prices } = yield* freePorts
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [program, join("test", "bench", entry)], {
        env: {
          PATH: "/usr/bin:/bin",
          ORDER_DATABASE_URL: Redacted.value(database),
          ...TokenKeys.checking,
          ORDER_PORT: `${port}`,
          PRICES_PORT: `${prices}`,
          LOG_LEVEL: "ERROR"
        },
        stdio: ["ignore", "ignore", "inherit"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const url = `http://127.0.0.1:${port}`
  // Refused is answered too: whoever brings no token meets a server that is there.
  yield* Effect.tryPromise(() => send({ url: `${url}/orders`, headers: {}, body: "" })).pipe(
    Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo("60 seconds")))
  )
  return { url, prices: `http://127.0.0.1:${prices}`, pid: child.pid ?? 0 } satisfies Contender
})

/** What a server spent on its orders so far, in milliseconds of the processor, and how many seconds they took. */
interface Spent {
  readonly processor: number
  readonly seconds: number
}

const nothing: Spent = { processor: 0, seconds: 0 }

const sum = (one: Spent, other: Spent): Spent => ({
  processor: one.processor + other.processor,
  seconds: one.seconds + other.seconds
})

/** A pace or a cost is told of orders that were taken, and of nothing else. */
const allTaken = (sent: ReadonlyArray<Sent>) => {
  const refused = sent.find(({ status }) => status !== 201)
  return refused === undefined ? Effect.void : new NotAsWished({ seen: refused })
}

const spend = Effect.fnUntraced(function*({ pid, url }: Contender, orders: number, next: (index: number) => Post) {
  const before = yield* processorTime(pid)
  const began = performance.now()
  const sent = yield* Effect.promise(() =>
    closedLoop(clients, orders, (index) => ({ ...next(index), url: `${url}/orders` }))
  )
  const seconds = (performance.now() - began) / 1000
  yield* allTaken(sent)
  return { processor: (yield* processorTime(pid)) - before, seconds }
})

/** How long orders take that come at this pace, in milliseconds. */
const perSecond = 100
const paced = ({ url }: Contender, next: (index: number) => Post) =>
  Effect.promise(() => openLoop(perSecond, 5, (index) => ({ ...next(index), url: `${url}/orders` }))).pipe(
    Effect.tap(allTaken),
    Effect.map((sent) => sent.map(({ milliseconds }) => milliseconds))
  )

/** Where the shop's hands find the service that is measured; nobody else is there. */
const shopOf = ({ prices, url }: Contender) =>
  Layer.mergeAll(
    Layer.succeed(System, {
      order: url,
      payment: url,
      inventory: url,
      warehouse: url,
      prices,
      simulator: url,
      admin: Redacted.make("")
    }),
    NodeHttpClient.layer,
    DevelopmentIssuer.layer.pipe(
      Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(TokenKeys.issuing)))))
    )
  )

/** What an order costs at the edge, beside what it costs a server of fastify's that writes the same. */
export const edge = Effect.scoped(Effect.gen(function*() {
  // It goes first: the tables are its own.
  const service = yield* contender("orderEdge.ts")
  const baseline = yield* contender("fastifyEdge.ts")
  const [customerOf, sku] = yield* Effect.all([customers, newProduct(0)]).pipe(Effect.provide(shopOf(service)))
  const next = (index: number) => placing(customerOf(index), sku)
  yield* spend(service, warmUp, next)
  yield* spend(baseline, warmUp, next)
  let [ours, theirs] = [nothing, nothing]
  for (let round = 0; round < rounds; round++) {
    ours = sum(ours, yield* spend(service, each, next))
    theirs = sum(theirs, yield* spend(baseline, each, next))
  }
  const turns = yield* Effect.replicateEffect(
    Effect.all({ ours: paced(service, next), theirs: paced(baseline, next) }),
    rounds
  )
  const p99 = (times: ReadonlyArray<number>) => percentile(times, 0.99).toFixed(1)
  const [slowest, slowestOther] = [p99(turns.flatMap((turn) => turn.ours)), p99(turns.flatMap((turn) => turn.theirs))]
  yield* Console.log(`  (at ${perSecond}/s, p99 of POST /orders: ${slowest} ms; fastify's: ${slowestOther} ms)`)
  const total = rounds * each
  yield* Console.log(`  (${total.toLocaleString("en")} orders each, ${clients} at a time, in ${rounds} turns)`)
  const [own, other] = [ours.processor / total, theirs.processor / total]
  return [
    cost("processor for each POST /orders, beside fastify's", "ms", own, other, 2.5),
    rate("POST /orders, beside fastify's", "orders/s", total / ours.seconds, total / theirs.seconds, 0.4)
  ]
}))
