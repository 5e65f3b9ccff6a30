import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { rows } from "../support/Tables.ts"

/** Plans that were made for empty tables are kept with their statements by then, and the tables are not analysed yet. */
const orders = 400
/** A session's reads are counted a second later, the last ones when it comes to rest: so many are enough. */
const counted = 320
/** Of one table for one order. What is read from end to end for each has more than a hundred. */
const fewRows = 70

const Table = Schema.Struct({ name: Schema.String, added: Schema.NumberFromString, read: Schema.NumberFromString })

/** What each table was given and how many of its rows were read, as far as the server has counted it. */
const tables = rows(
  Table,
  `SELECT schemaname || '.' || relname AS name, n_tup_ins::text AS added,
     (seq_tup_read + coalesce(idx_tup_fetch, 0))::text AS read
   FROM pg_stat_user_tables`
)

const buy = (sku: string) =>
  Effect.gen(function*() {
    const customer = yield* newCustomer
    const order = yield* Customer.place(customer, sku, 1)
    yield* pay(customer, order)
  })

layer(System.layer(), { excludeTestServices: true, timeout: 200_000 })("a shop that has just opened", (it) => {
  it.effect(
    "reads a few rows for each order, however many there were since its plans were made",
    () =>
      Effect.gen(function*() {
        const sku = yield* newProduct(10_000)
        yield* Effect.replicateEffect(buy(sku), orders, { concurrency: 64, discard: true })
        const found = yield* until(tables, (found) =>
          ["order.orders", "payment.payments", "warehouse.shipments"].every((name) =>
            found.some((table) =>
              table.name === name && table.added >= counted
            )
          ))
        const readForEach = found.map(({ name, read }) => ({ name, rows: Math.round(read / counted) }))
        assert.isAbove(
          readForEach.find(({ name }) => name === "order.orders")?.rows ?? 0,
          0
        )
        assert.deepStrictEqual(readForEach.filter(({ rows }) => rows > fewRows), [])
      }),
    150_000
  )
})
