import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Effect, Layer, Schema } from "effect"
import { migrations } from "../src/Migrations.ts"
import { selected } from "../src/Views.ts"

/** One customer with a hundred thousand orders, all but the very first shipped, among as many of others. */
const crowded = Layer.effectDiscard(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO order_summaries (order_id, customer_id, status, version, total_amount, total_currency, item_count,
      placed_at, updated_at)
    SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'ada' ELSE 'c' || n END,
      CASE WHEN n = 0 THEN 'Failed' ELSE 'Shipped' END, 5, 100, 'EUR', 1, at, at
    FROM (SELECT n, timestamptz '2026-01-01T00:00:00Z' + n * interval '1 minute' AS at FROM generate_series(0, 200000) AS n)`
  yield* sql`ANALYZE order_summaries`
}))

const database = Layer.provideMerge(crowded, PostgresTest.layer({ service: "order", migrations }))

interface Node {
  readonly "Node Type": string
  readonly "Actual Rows": number
  readonly "Rows Removed by Filter"?: number | undefined
  readonly Plans?: ReadonlyArray<Node> | undefined
}
const Node = Schema.Struct({
  "Node Type": Schema.String,
  "Actual Rows": Schema.Number,
  "Rows Removed by Filter": Schema.optional(Schema.Number),
  Plans: Schema.optional(Schema.Array(Schema.suspend((): Schema.Schema<Node> => Node)))
})
const Explained = Schema.Tuple(
  Schema.Struct({ "QUERY PLAN": Schema.Tuple(Schema.Struct({ Plan: Node })) })
)

const all = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(all)]

type Asked = Parameters<ReturnType<typeof selected>>[0]

/** What the plan that is kept for every caller read to answer this one. */
const read = Effect.fnUntraced(function*(asked: Partial<Asked>) {
  const sql = yield* SqlClient.SqlClient
  const nothing = { status: null, placedAfter: null, placedBefore: null, after: null }
  const [text, values] = selected(sql)({ customerId: "ada", limit: 21, ...nothing, ...asked }).compile()
  const given = values.map((value) => `'${String(value)}'`).join(", ")
  return yield* Effect.gen(function*() {
    yield* sql`SET LOCAL plan_cache_mode = force_generic_plan`
    yield* sql.unsafe(`PREPARE page AS ${text}`)
    const explained = yield* sql.unsafe(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page (${given})`)
    yield* sql`DEALLOCATE page`
    const [{ "QUERY PLAN": [{ Plan }] }] = Schema.decodeUnknownSync(Explained)(explained)
    return { shown: Plan["Actual Rows"], nodes: all(Plan) }
  }).pipe(sql.withTransaction)
})

layer(database, { excludeTestServices: true, timeout: 60_000 })(
  "a page of a list with a hundred thousand orders",
  (it) => {
    const after = { placedAt: "2026-02-01T00:00:00.000Z", id: "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10" }
    const placedAfter = "2026-01-15T00:00:00.000Z"
    const placedBefore = "2026-03-01T00:00:00.000Z"
    const asks: ReadonlyArray<readonly [string, Partial<Asked>, number]> = [
      ["the newest", {}, 21],
      ["from the middle on", { after }, 21],
      ["a status", { status: "Shipped" }, 21],
      ["a status that one very old order has", { status: "Failed" }, 1],
      ["a status that none has", { status: "Draft" }, 0],
      ["an interval", { placedAfter, placedBefore }, 21],
      ["an interval long ago, to its end", { placedBefore: "2026-01-01T00:05:00.000Z" }, 3],
      ["all at once", { status: "Shipped", placedAfter, placedBefore, after }, 21]
    ]

    for (const [name, asked, rows] of asks) {
      it.effect(`reads no more than itself: ${name} (H118, H201)`, () =>
        Effect.gen(function*() {
          const { nodes, shown } = yield* read(asked)
          assert.strictEqual(shown, rows)
          const wasteful = nodes.filter((node) =>
            !["Limit", "Index Scan"].includes(node["Node Type"]) || (node["Rows Removed by Filter"] ?? 0) > 0 ||
            node["Actual Rows"] > 21
          )
          assert.deepStrictEqual(wasteful, [])
        }))
    }
  }
)
