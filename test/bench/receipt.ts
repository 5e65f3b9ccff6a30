import { Console, Effect, Schema } from "effect"
import { newProduct, until } from "../support/Shop.ts"
import { rows } from "../support/Tables.ts"
import { customers } from "./Customers.ts"
import { closedLoop, openLoop } from "./load.ts"
import { bound, percentile } from "./Measured.ts"
import { placing, processes } from "./Processes.ts"

const perSecond = 50
const seconds = 15
const warmUp = 1500

const everywhere = (columns: string, table: string) =>
  ["order", "payment", "inventory", "warehouse"]
    .map((service) => `SELECT '${service}' AS service, ${columns} FROM "${service}".${table}`)
    .join(" UNION ALL ")

const said = "message_id, type, appended_at, due_at, pg_xact_commit_timestamp(xmin) AS committed_at"

const Receipt = Schema.Struct({ type: Schema.String, milliseconds: Schema.Number })

/**
 * From the commit of the transaction that said a message to the beginning of the one that handled it, for all that were
 * said by one service since then and handled by another. PostgreSQL keeps the time of a commit where it is told to.
 */
const receipts = (since: string) =>
  rows(
    Receipt,
    `SELECT said.type, extract(epoch FROM processed_at - committed_at)::float8 * 1000 AS milliseconds
     FROM (${everywhere(said, "outbox")}) AS said
     JOIN (${everywhere("message_id, processed_at", "processed_messages")}) AS handled USING (message_id)
     WHERE said.service <> handled.service AND due_at IS NULL AND appended_at >= $1::timestamptz`,
    [since]
  )

const now = Effect.map(
  rows(Schema.Struct({ now: Schema.String }), "SELECT clock_timestamp()::text AS now"),
  ([row]) => row?.now ?? ""
)

/** Each order is told to inventory, and what became of its stock is told back. */
const messagesOf = (orders: number) => 2 * orders

/** How soon the next service hears, four processes apart: orders at a steady pace, answered or not. */
export const receipt = Effect.gen(function*() {
  const customerOf = yield* customers
  const sku = yield* newProduct(1_000_000)
  const placed = (index: number) => placing(customerOf(index), sku)
  const all = (since: string, orders: number) =>
    until(receipts(since), (heard) => heard.length === messagesOf(orders), "30 seconds")
  const before = yield* now
  yield* Effect.promise(() => closedLoop(8, warmUp, placed))
  yield* all(before, warmUp)
  const since = yield* now
  const sent = yield* Effect.promise(() => openLoop(perSecond, seconds, placed))
  const refused = sent.filter(({ status }) => status !== 201).length
  if (refused > 0) yield* Console.log(`  ${refused} requests were refused`)
  const times = (yield* all(since, sent.length - refused)).map(({ milliseconds }) => milliseconds)
  const half = Math.round(percentile(times, 0.5))
  yield* Console.log(`  (${times.length} messages from one process to another, half of them within ${half} ms)`)
  return [bound(`commit to next service's receipt at ${perSecond}/s, p99`, "ms", percentile(times, 0.99), 30)]
}).pipe(Effect.provide(processes()))
