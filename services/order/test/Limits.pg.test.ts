import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { standings } from "../src/StandingRow.ts"
import * as E from "./support/Edge.ts"
import * as O from "./support/Orders.ts"

const settings = {
  CUSTOMER_OPEN_ORDERS: "5",
  CUSTOMER_FAILED_PAYMENTS_PER_HOUR: "2",
  CUSTOMER_REQUESTS_PER_SECOND: "1",
  CUSTOMER_REQUESTS_BURST: "60",
  ORDER_MAX_LINES: "2",
  ORDER_MAX_QUANTITY: "4",
  ORDER_MAX_TOTAL: "10000"
}

const limited = E.publicEdge().pipe(
  Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries({ ...E.secret, ...settings })))))
)

const place = (as: string, key: string) => E.call("POST", "/orders", { as, key, body: E.tea })
const pay = (as: string, id: string, key: string) => E.call("POST", `/orders/${id}/pay`, { as, key, body: E.card })
const counted = (answers: ReadonlyArray<E.Reply>) =>
  answers.reduce<Record<string, number>>((counts, answer) => {
    const name = answer.status < 400 ? `${answer.status}` : E.problem(answer)
    return { ...counts, [name]: (counts[name] ?? 0) + 1 }
  }, {})

layer(limited, { excludeTestServices: true, timeout: 60_000 })("the limits of one customer", (it) => {
  it.effect("hold as many open orders as are allowed, though all come at once, and burn no key (H98, H199, H13)", () =>
    Effect.gen(function*() {
      const [as, other] = [E.newCustomer(), E.newCustomer()]
      const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
      const answers = yield* Effect.forEach(keys, (key) => place(as, key), { concurrency: "unbounded" })
      assert.deepStrictEqual(counted(answers), { "201": 5, "409 too-many-open-orders": 15 })
      const refused = keys.filter((_, index) => answers[index]?.status === 409)
      const first = answers.find(({ status }) => status === 201)
      assert.strictEqual((yield* place(other, "key")).status, 201)
      assert.strictEqual(E.problem(yield* place(as, refused[0] ?? "")), "409 too-many-open-orders")
      const [placed] = keys.filter((key) => !refused.includes(key))
      const again = yield* place(as, placed ?? "")
      assert.deepStrictEqual([again.status, again.headers["idempotent-replayed"]], [201, "true"])
      if (first === undefined) return assert.fail("none was placed")
      assert.strictEqual((yield* E.call("POST", `/orders/${E.shown(first).id}/cancel`, { as })).status, 200)
      const later = yield* place(as, refused[0] ?? "")
      assert.deepStrictEqual([later.status, later.headers["idempotent-replayed"]], [201, undefined])
    }))

  it.effect("hold failed payments within an hour, and say when to come back; no key is burnt (H200, H13)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const as = E.newCustomer()
      const fail = Effect.fnUntraced(function*(key: string) {
        const id = yield* E.ordered(as, O.reserve)
        assert.strictEqual((yield* pay(as, id, key)).status, 202)
        yield* E.tell(id, O.declined)
        return id
      })
      const first = yield* fail("one")
      yield* fail("two")
      const id = yield* E.ordered(as, O.reserve)
      const refused = yield* pay(as, id, "three")
      assert.strictEqual(E.problem(refused), "429 too-many-failed-payments")
      assert.include([3599, 3600], Number(refused.headers["retry-after"]))
      assert.strictEqual(E.shown(yield* E.call("GET", `/orders/${id}`, { as })).status, "Reserved")
      // An hour goes by for the first of them.
      yield* sql`ALTER TABLE order_transitions DISABLE TRIGGER order_transitions_are_kept`
      yield* sql`UPDATE order_transitions SET at = at - interval '1 hour' WHERE order_id = ${first}`
      yield* sql`ALTER TABLE order_transitions ENABLE TRIGGER order_transitions_are_kept`
      const paid = yield* pay(as, id, "three")
      assert.deepStrictEqual([paid.status, E.shown(paid).status], [202, "PaymentPending"])
    }))

  it.effect("burn no key when a request is refused for coming too often (H199, H13)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const as = E.newCustomer()
      const get = E.call("GET", "/orders/none", { as })
      yield* Effect.repeat(get, { until: ({ status }) => status === 429, times: 500 })
      const kept = () => sql`SELECT key FROM idempotency_keys WHERE owner = ${as}`
      const refused = yield* place(as, "key")
      assert.strictEqual(E.problem(refused), "429 too-many-requests")
      assert.strictEqual(refused.headers["retry-after"], "1")
      assert.deepStrictEqual(yield* kept(), [])
      const again = yield* Effect.repeat(place(as, "key"), { until: ({ status }) => status !== 429 })
      assert.deepStrictEqual([again.status, again.headers["idempotent-replayed"]], [201, undefined])
      assert.strictEqual((yield* kept()).length, 1)
    }))

  it.effect("hold the size of an order, and burn no key (H13, H183, H187)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const order = (...lines: ReadonlyArray<readonly [sku: string, quantity: number]>) =>
        Effect.map(
          E.call("POST", "/orders", {
            as,
            key: "key",
            body: { lines: lines.map(([sku, quantity]) => ({ sku, quantity })) }
          }),
          (reply) => reply.status < 400 ? `${reply.status}` : E.problem(reply)
        )
      assert.strictEqual(yield* order(["TEA", 1], ["TEA", 1], ["POT", 1]), "422 too-many-lines")
      assert.strictEqual(yield* order(["TEA", 3], ["TEA", 2]), "422 quantity-too-large")
      assert.strictEqual(yield* order(["POT", 2]), "422 total-not-chargeable")
      assert.strictEqual(yield* order(["TEA", 4], ["POT", 1]), "201")
    }))

  it.effect("are looked up by indexes, though the plan was made for tables that were empty", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [text] = standings(sql, { openOrders: 5, failedPayments: 2 }, "[]").compile()
      const explained = Effect.gen(function*() {
        yield* sql`SET LOCAL plan_cache_mode = force_generic_plan`
        yield* sql.unsafe(`PREPARE standings AS ${text}`)
        return yield* sql.unsafe<{ "QUERY PLAN": string }>(`EXPLAIN EXECUTE standings('["ada"]', 5, 2)`)
      })
      const rows = yield* sql.withTransaction(explained)
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n")
      for (const index of ["orders_open", "orders_over", "order_transitions_pkey"]) assert.include(plan, index)
      assert.notInclude(plan, "Seq Scan")
    }))
})
