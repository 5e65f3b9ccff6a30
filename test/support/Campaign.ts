import { assert } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { calls } from "./Chaos.ts"
import { ledger } from "./Provider.ts"
import { RandomCrowd } from "./RandomCrowd.ts"
import { brokenAtRest, until } from "./Shop.ts"
import { rows } from "./Tables.ts"

/** As much as asking the provider about one charge may cost, its cancellation included. */
const budget = 200

/** Pauses that fit into a test, in which a customer's patience is a matter of seconds. */
export const settings = {
  STRIPE_DEADLINE: "1 seconds",
  PAYMENT_FIRST_PAUSE: "200 millis",
  PAYMENT_LONGEST_PAUSE: "600 millis",
  PAYMENT_FAULT_PAUSE: "600 millis",
  PAYMENT_ACTION_DEADLINE: "5 seconds",
  PAYMENT_BREAKER_PAUSE: "200 millis",
  PAYMENT_CALLS_PER_ATTEMPT: `${budget}`,
  ORDER_HOLD_EXPIRES_AFTER: "4 seconds",
  CUSTOMER_FAILED_PAYMENTS_PER_HOUR: "0"
}

/** What passes by itself, whoever asks again. */
export const passing = [
  "error_before",
  "error_after",
  "reset_before",
  "reset_after",
  "hang",
  "rate_limit",
  "lock_timeout",
  "non_json",
  "in_use"
]

const turning = ["processing", "requires_capture", "other_amount"]

/** All there is. What only a charge can meet is in it three times, or it would hardly ever be met. */
export const everyKind = [...passing, "unauthorized", "forbidden", ...turning, ...turning, ...turning]

const adrift = ["lost", "duplicated", "late", "reordered"]

/** Nothing here means anything if the faults were not there. Of few orders of a campaign for thousands, some kinds may miss all. */
export const everyFaultStruck = (kinds: ReadonlyArray<string>, ordersForAll = 0) =>
  Effect.gen(function*() {
    const { seed, struck, told } = yield* RandomCrowd
    const missing = [...new Set([...kinds, ...adrift])].filter((kind) => (struck[kind] ?? 0) === 0)
    assert.isAtMost(missing.length, told.length < ordersForAll ? 4 : 0, `seed ${seed}: ${missing.join(", ")}`)
  })

/** No promise of the checker is broken once all is at rest. */
export const everyLawHolds = (atMost: string & Parameters<typeof brokenAtRest>[0]) =>
  Effect.gen(function*() {
    const { seed } = yield* RandomCrowd
    assert.deepStrictEqual(yield* brokenAtRest(atMost), [], `seed ${seed}`)
  })

const Ended = Schema.Struct({ status: Schema.String, orders: Schema.NumberFromString, total: Schema.NumberFromString })

const ended = rows(
  Ended,
  `SELECT status, count(*)::text AS orders, sum(total_amount)::text AS total FROM "order".orders GROUP BY status`
)

const over = ["Cancelled", "Failed", "Shipped"]

/** Every order that was acknowledged is there, and over: whoever does not pay loses the hold when its time has come. */
export const everyOrderEnded = Effect.gen(function*() {
  const { seed, told } = yield* RandomCrowd
  const found = yield* until(ended, (orders) => orders.every(({ status }) => over.includes(status)))
  assert.strictEqual(sum(found.map(({ orders }) => orders)), told.length, `seed ${seed}`)
  assert.deepStrictEqual(found.map(({ status }) => status).toSorted(), over, `seed ${seed}`)
})

/** What the provider took and did not give back is what shipped orders cost, to the cent. */
export const moneyIsRight = Effect.gen(function*() {
  const { seed } = yield* RandomCrowd
  const { intents, refunds } = yield* ledger
  const given = sum(refunds.filter(({ status }) => status === "succeeded").map(({ amount }) => amount))
  const shipped = (yield* ended).filter(({ status }) => status === "Shipped")
  assert.strictEqual(
    sum(intents.map((intent) => intent.amount_received)) - given,
    sum(shipped.map(({ total }) => total)),
    `seed ${seed}`
  )
  // Money did go back: late, or for a cancelled order.
  assert.isAbove(given, 0, `seed ${seed}`)
})

const Attempt = Schema.Struct({ order: Schema.String, key: Schema.String, intent: Schema.NullOr(Schema.String) })

/** No attempt cost more calls than it may, by the provider's own count. Gives the most that one did. */
export const callsWereFew = Effect.gen(function*() {
  const { seed } = yield* RandomCrowd
  const attempts = yield* rows(
    Attempt,
    `SELECT order_id::text AS order, idempotency_key AS key, intent_id AS intent FROM payment.payment_attempts`
  )
  const { byKey, byUrl } = yield* calls
  const about = countsBy([...Object.entries(byKey), ...Object.entries(byUrl)])
  const cost = ({ intent, key, order }: typeof Attempt.Type) =>
    (byKey[key] ?? 0) + (about.get(order) ?? 0) + (intent === null ? 0 : about.get(intent) ?? 0)
  const costs = attempts.map(cost)
  const most = costs.reduce((one, other) => Math.max(one, other), 0)
  assert.isAtMost(most, budget, `seed ${seed}`)
  // Faults were asked about again, so some attempt cost more than the one call it takes.
  assert.isAbove(most, 1, `seed ${seed}`)
  return most
})

/** Counts of look-ups by the order in their query, and of reads and cancellations by their intent. */
const countsBy = (counted: ReadonlyArray<readonly [name: string, count: number]>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const [name, count] of counted) {
    const [about] = /pi_3\w+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(isCharge(name) ? "" : name) ?? []
    if (about !== undefined) {
      counts.set(about, (counts.get(about) ?? 0) + count)
    }
  }
  return counts
}

/** Charges are counted by their key, and refunds are another matter. */
const isCharge = (name: string): boolean => name.startsWith("charge:") || name.startsWith("refund:")

const sum = (amounts: ReadonlyArray<number>): number => amounts.reduce((total, amount) => total + amount, 0)
