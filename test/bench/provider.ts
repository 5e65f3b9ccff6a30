import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { defaultPolicy } from "@quartet/payment/domain/Policy"
import { Clock, Console, Effect, Fiber, Ref, Schedule } from "effect"
import { System } from "../support/Addresses.ts"
import { Quartet } from "../support/Quartet.ts"
import * as QuartetProcess from "../support/Quartet.ts"
import { newProduct, NotAsWished } from "../support/Shop.ts"
import { buy } from "./Buying.ts"
import { customers } from "./Customers.ts"
import { bound, median, rate } from "./Measured.ts"
import type { SlowProvider } from "./SlowProvider.ts"
import { slowProvider } from "./SlowProvider.ts"

/** Others order and pay, one order after the other, so many at a time. */
const others = 8
const quickCard = "pm_card_visa"
/** Some pay with a card whose charges the provider may hold back: so many a second, whether or not it does. */
const slowPerSecond = 5
const slowCard = "pm_card_mastercard"
const heldBack = 2000
const seconds = 8
/** With and without take turns, and in who goes first, since a machine is not always as fast. */
const rounds = 4

const shop = Effect.gen(function*() {
  const customerOf = yield* customers
  const sku = yield* newProduct(1_000_000)
  const turn = yield* Ref.make(0)
  return (card: string) =>
    Effect.gen(function*() {
      const customer = customerOf(yield* Ref.getAndUpdate(turn, (n) => n + 1))
      const bought = yield* Effect.promise(() => buy(customer, sku, card))
      if (bought.status !== "Paid" && bought.status !== "Shipped") return yield* new NotAsWished({ seen: bought })
      return bought.milliseconds
    })
})

type Buy = Effect.Effect.Success<typeof shop>

interface Round {
  /** Orders of the others in a second. */
  readonly throughput: number
  /** How long paying with the other card took, in milliseconds. */
  readonly slow: ReadonlyArray<number>
}

const round = Effect.fnUntraced(function*(buying: Buy, length: number) {
  const end = (yield* Clock.currentTimeMillis) + length * 1000
  const slow = Effect.forEach(
    Array.from({ length: length * slowPerSecond }, (_, index) => index * 1000 / slowPerSecond),
    (at) => Effect.delay(buying(slowCard), at),
    { concurrency: "unbounded" }
  )
  const client = Effect.gen(function*() {
    let bought = 0
    while ((yield* Clock.currentTimeMillis) < end) {
      yield* buying(quickCard)
      bought += 1
    }
    return bought
  })
  const clients = Effect.all(Array.from({ length: others }, () => client), { concurrency: others })
  const [times, bought] = yield* Effect.zip(slow, clients, { concurrent: true })
  return { throughput: bought.reduce((sum, one) => sum + one, 0) / length, slow: times } satisfies Round
})

/** The longest that a transaction of the services was seen open, in seconds, while this runs. */
const whileSampled = Effect.fnUntraced(
  function*<A, E, R>(run: Effect.Effect<A, E, R>) {
    const { admin } = yield* System
    const sql = yield* PgClient.make({ url: admin, maxConnections: 1, applicationName: "bench" })
    const longest = yield* Ref.make(0)
    const look = sql<{ readonly seconds: number }>`
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS seconds
    FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
    const sampling = yield* Effect.fork(
      look.pipe(
        Effect.flatMap(([row]) => Ref.update(longest, (before) => Math.max(before, row?.seconds ?? 0))),
        Effect.repeat(Schedule.spaced("50 millis"))
      )
    )
    const result = yield* run
    yield* Fiber.interrupt(sampling)
    return { result, longest: yield* Ref.get(longest) }
  },
  (run) => Effect.scoped(run),
  Effect.provide(Reactivity.layer)
)

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, one) => sum + one, 0) / values.length

const most = (values: Iterable<number>): number => Math.max(0, ...values)

const measure = (between: SlowProvider) =>
  Effect.gen(function*() {
    const { home } = yield* Quartet
    between.towards(home.ports.simulator)
    const buying = yield* shop
    yield* round(buying, seconds)
    const quiet: Array<number> = []
    const slowed: Array<number> = []
    const paying: Array<number> = []
    const quick = Effect.gen(function*() {
      between.holdBack(slowCard, 0)
      quiet.push((yield* round(buying, seconds)).throughput)
    })
    const slow = Effect.gen(function*() {
      between.holdBack(slowCard, heldBack)
      const { slow, throughput } = yield* round(buying, seconds)
      slowed.push(throughput)
      paying.push(...slow)
    })
    const turns = Effect.all(
      Array.from({ length: rounds }, (_, turn) => turn % 2 === 0 ? [quick, slow] : [slow, quick]).flat(),
      { discard: true }
    )
    const { longest } = yield* whileSampled(turns)
    const fastest = Math.min(...paying)
    if (between.held() < paying.length || fastest < heldBack) {
      return yield* new NotAsWished({ seen: { held: between.held(), of: paying.length, fastest } })
    }
    const half = (median(paying) / 1000).toFixed(1)
    yield* Console.log(
      `  (${paying.length} payments were held back for 2 s each, half of them took up to ${half} s; ${between.requests.size} in all)`
    )
    return [
      rate(
        "orders paid beside payments of 2 s, and beside quick ones",
        "per second",
        mean(slowed),
        mean(quiet),
        0.9
      ),
      bound("the longest transaction meanwhile", "s", longest, 1),
      bound(
        "requests about one payment, at most",
        "",
        most(between.requests.values()),
        defaultPolicy.callsPerAttempt + 1
      )
    ]
  })

/** A provider that takes two seconds for some payments, and what becomes of all others. */
export const provider = Effect.scoped(
  Effect.flatMap(
    slowProvider,
    (between) => Effect.provide(measure(between), QuartetProcess.layer({ STRIPE_API_BASE: between.url }))
  )
)
