import { assert } from "@effect/vitest"
import { Effect, FastCheck, Redacted } from "effect"
import * as Customer from "quartet/demo/Customer"
import { business, schemas } from "./Archive.ts"
import { seedSetting } from "./Chance.ts"
import type { Attempt } from "./Fuzz.ts"
import { attempts, operations } from "./Fuzz.ts"
import { cardNumber } from "./Nasty.ts"
import { Quartet } from "./Quartet.ts"
import type { Reply } from "./RawRequest.ts"
import { agent, send } from "./RawRequest.ts"
import { rowsOf } from "./Rows.ts"
import { newCustomer, newProduct, NotAsWished, until } from "./Shop.ts"

/** All of it comes from one customer, who would soon be told to wait. */
export const unlimited = {
  CUSTOMER_REQUESTS_PER_SECOND: "0",
  ADDRESS_REQUESTS_PER_SECOND: "0",
  CUSTOMER_OPEN_ORDERS: "0"
}

/** What a problem document may never tell: how we are made inside. */
const inside = /\n\s+at |node_modules|SELECT |INSERT INTO|SqlError|ECONN/

const faultsOf = (attempt: Attempt, reply: Reply): ReadonlyArray<string> => {
  const asked = `${attempt.method} ${attempt.path.slice(0, 120)} ${JSON.stringify(attempt.headers)} ${
    String(attempt.body).slice(0, 200)
  }`
  const type = String(reply.headers["content-type"])
  const isProblem = type.startsWith("application/problem+json")
  return [
    ...(reply.status >= 500 ? [`${reply.status} to ${asked}: ${reply.body}`] : []),
    ...(reply.status >= 400 && attempt.method !== "HEAD" && !isProblem
      ? [`${reply.status} as ${type} to ${asked}`]
      : []),
    ...(reply.status >= 400 && inside.test(reply.body) ? [`${reply.body} to ${asked}`] : [])
  ]
}

/** Sends so many, and tells what was wrong with the answers, how many orders were placed, and which orders were left alone. */
export const fuzz = Effect.fn("Fuzzing.fuzz")(function*(count: number) {
  const seed = yield* seedSetting
  const customer = yield* newCustomer
  const sku = yield* newProduct(100_000)
  const placed = yield* Effect.replicateEffect(Customer.place(customer, sku, 1), 12)
  const known = { token: Redacted.value(customer.token), orders: placed.map(({ id }) => id), sku }
  const sockets = yield* agent
  const touched = new Set<string>()
  const statuses = new Map<number, number>()
  const faults: Array<string> = []
  let created = 0
  const one = Effect.fnUntraced(function*(attempt: Attempt) {
    const reply = yield* send(sockets, customer.url, attempt).pipe(Effect.timeoutFail({
      duration: "20 seconds",
      onTimeout: () => new NotAsWished({ seen: attempt })
    }))
    if (reply === undefined) return
    statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
    faults.push(...faultsOf(attempt, reply))
    // Some nasty keys are good ones, and come with the same body twice.
    if (reply.status === 201 && reply.headers["idempotent-replayed"] === undefined) created += 1
    if (reply.status < 400 && attempt.method === "post" && attempt.orderId !== undefined) touched.add(attempt.orderId)
  })
  const sample = FastCheck.sample(attempts(known), { numRuns: count, seed })
  yield* Effect.forEach(sample, one, { concurrency: 16, discard: true })
  const untouched = placed.filter(({ id }) => !touched.has(id))
  return { seed, faults, created, statuses, customer, untouched, token: known.token, placed: placed.length }
})

/** Where in the four schemas the text stands. */
const tablesWith = (text: string) =>
  rowsOf((sql) =>
    Effect.gen(function*() {
      const tables = yield* sql<{ name: string }>`
        SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
        WHERE table_schema IN ${sql.in(schemas)} AND table_type = 'BASE TABLE'`
      const found = yield* Effect.forEach(tables, ({ name }) =>
        Effect.map(
          sql`SELECT t::text AS row FROM ${sql.literal(name)} AS t WHERE position(${text} IN t::text) > 0 LIMIT 1`,
          (rows) => rows.map(({ row }) => `${name}: ${String(row)}`)
        ))
      return found.flat()
    })
  )

const ordersOf = rowsOf((sql) => Effect.map(sql`SELECT 1 FROM "order".orders`, (rows) => rows.length))

/** The whole of it: nothing breaks, hangs, changes by a refusal, or is told to whoever should not know it. */
export const survivesFuzzing = Effect.fn("Fuzzing.survivesFuzzing")(function*(count: number) {
  assert.isAtLeast(operations.length, 8)
  const { running } = yield* Quartet
  const before = yield* ordersOf
  const seen = yield* fuzz(count)
  const told = `seed ${seen.seed}, ${[...seen.statuses].toSorted().map((one) => one.join(": ")).join(", ")}`
  assert.deepStrictEqual(seen.faults.slice(0, 5), [], told)
  for (const status of [200, 201, 400, 401, 404, 405, 415]) assert.isAbove(seen.statuses.get(status) ?? 0, 0, told)
  assert.strictEqual(yield* ordersOf, before + seen.placed + seen.created, told)
  const after = yield* Effect.forEach(seen.untouched, (order) => Customer.look(seen.customer, order))
  assert.deepStrictEqual(after, seen.untouched)
  const { stderr, stdout } = yield* running
  for (const secret of [cardNumber, seen.token]) {
    assert.deepStrictEqual(yield* tablesWith(secret), [])
    assert.isFalse(`${stdout()}${stderr()}`.includes(secret), "in the log")
  }
})

/** What is refused whatever it says: nobody speaks, or a body is not in our language; an empty one is no body. */
const refusedAnyway = (attempt: Attempt, index: number): Attempt => {
  const { authorization: _, ...headers } = attempt.headers
  return index % 2 === 0 && attempt.body !== undefined && attempt.body.length > 0
    ? { ...attempt, headers: { ...attempt.headers, "content-type": "text/plain" } }
    : { ...attempt, headers }
}

/** So many refusals, and not one row of the business is another afterwards. */
export const changesNothing = Effect.fn("Fuzzing.changesNothing")(function*(count: number) {
  const customer = yield* newCustomer
  const sku = yield* newProduct(10)
  const order = yield* Customer.place(customer, sku, 1)
  const known = { token: Redacted.value(customer.token), orders: [order.id], sku }
  const sockets = yield* agent
  const unsafe = FastCheck.sample(attempts(known), { numRuns: count, seed: yield* seedSetting })
    .filter(({ method }) => method === "post" || method === "put").map(refusedAnyway)
  // The list follows the order a moment later.
  const listed = rowsOf((sql) =>
    sql`SELECT 1 FROM "order".order_summaries WHERE order_id = ${order.id} AND status = 'Reserved'`
  )
  yield* until(listed, (rows) => rows.length === 1)
  const before = yield* rowsOf(business)
  const replies = yield* Effect.forEach(unsafe, (attempt) => send(sockets, customer.url, attempt), { concurrency: 16 })
  const accepted = replies.filter((reply) => reply !== undefined && reply.status < 400)
  assert.isAbove(replies.length, 100)
  assert.deepStrictEqual(accepted, [])
  assert.deepStrictEqual(yield* rowsOf(business), before)
})
