import { assert, layer } from "@effect/vitest"
import * as RebuildRoutes from "@quartet/hosting/RebuildRoutes"
import { Effect, Schema } from "effect"
import { ask as send, demand } from "quartet/Shop"
import * as Token from "quartet/Token"
import { order as place } from "../support/Edge.ts"
import { quartet as command } from "../support/Process.ts"
import * as Quartet from "../support/Quartet.ts"
import { becomes, newCustomer, newProduct, until } from "../support/Shop.ts"
import { count, execute, rows } from "../support/Tables.ts"

/** So many that a rebuild takes a while. */
const many = 40_000

/** Orders that shipped long ago, and what a list could never say of them. */
const past = `
  INSERT INTO "order".orders (order_id, customer_id, status, version, total_amount, total_currency, refund, placed_at,
    updated_at, shipment_id)
  SELECT ('01980000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'c' || n % 1000, 'Shipped', 5, 100 + n, 'EUR',
    'none', now() - n * interval '1 minute', now(), gen_random_uuid() FROM generate_series(1, ${many}) AS n;
  INSERT INTO "order".order_lines (order_id, position, sku, name, quantity, unit_amount, unit_currency)
  SELECT order_id, 1, 'tea', 'Tea', 3, 100, 'EUR' FROM "order".orders;
  INSERT INTO "order".order_summaries
  SELECT gen_random_uuid(), 'nobody', 'Paid', 9, 1, 'EUR', 1, now(), now() FROM generate_series(1, 100)`

/** Orders and lists that do not say the same, both ways. */
const differing = `"order".orders AS o FULL JOIN "order".order_summaries AS s USING (order_id)
  WHERE (s.customer_id, s.status, s.version, s.total_amount, s.total_currency, s.placed_at, s.updated_at) IS DISTINCT FROM
    (o.customer_id, o.status, o.version, o.total_amount, o.total_currency, o.placed_at, o.updated_at)
  OR s.item_count <> (SELECT sum(quantity) FROM "order".order_lines AS l WHERE l.order_id = o.order_id)`

const Position = Schema.Struct({ copied: Schema.Int, under_way: Schema.Boolean })
const position = Effect.map(
  rows(Position, `SELECT copied, ended_at IS NULL AS under_way FROM "order".order_summary_rebuilds`),
  ([row]) => row ?? { copied: 0, under_way: false }
)

const ask = Effect.fn("ask")(function*(method: "GET" | "POST", url: string) {
  const token = yield* Token.forOperator
  return yield* demand({ method, url: `${url}/rebuilds`, token }, RebuildRoutes.Rebuilds)
})

layer(Quartet.layer(), { excludeTestServices: true, timeout: 120_000 })("lists that are made again", (it) => {
  it.scoped("are whole in the end, though orders go on and everything is killed in the middle (H165)", () =>
    Effect.gen(function*() {
      const quartet = yield* Quartet.Quartet
      const ops = `http://127.0.0.1:${quartet.home.ports.ops}`
      const [customer, sku] = [yield* newCustomer, yield* newProduct(100)]
      yield* execute(past)
      yield* ask("POST", ops)
      const reached = yield* until(position, ({ copied }) => copied > 0)
      yield* quartet.kill
      assert.isTrue(reached.under_way && (yield* position).under_way, "it was killed too late to be in the middle")
      assert.isAbove(yield* count(differing), 0)
      yield* quartet.start
      const placed = yield* Effect.replicateEffect(place(customer, [{ sku, quantity: 1 }]), 20)
      yield* until(position, ({ under_way }) => !under_way)
      yield* Effect.forEach(placed, (order) => becomes(customer, order, "Reserved"))
      yield* until(count(differing), (found) => found === 0)
      yield* execute(`DELETE FROM "order".order_summaries`)
      const told = yield* command(["rebuild", "--url", ops], quartet.home.settings)
      const { code } = yield* told.ended
      assert.strictEqual(code, 0, told.stderr())
      assert.include(told.stdout(), `Orders in the lists again: ${many + 20}.`)
      assert.strictEqual(yield* count(differing), 0)
    }))

  it.effect("are made again by operators alone (H203)", () =>
    Effect.gen(function*() {
      const { home } = yield* Quartet.Quartet
      const url = `http://127.0.0.1:${home.ports.ops}/rebuilds`
      const tokens = [yield* Token.forCustomer("ada"), (yield* newCustomer).token]
      for (const token of tokens) {
        assert.strictEqual((yield* send({ method: "GET", url, token })).status, 403)
        assert.strictEqual((yield* send({ method: "POST", url, token })).status, 403)
      }
      assert.strictEqual((yield* send({ method: "POST", url })).status, 401)
    }))
})
