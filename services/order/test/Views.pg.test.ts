import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderSummaryChanged } from "@quartet/contracts/OrderMessages"
import type { Submission } from "@quartet/messaging/Submission"
import { Effect, Schema } from "effect"
import { OrderSummaries } from "../src/Summaries.ts"
import * as E from "./support/Edge.ts"
import * as O from "./support/Orders.ts"
import { heard } from "./support/Service.ts"

const Summaries = Schema.Array(Schema.Struct({ data: OrderSummaryChanged.schema }))

/** What the outbox says of summaries reaches the lists, newest first, as a broker might have it. */
const feedLists = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`SELECT envelope::json->'data' AS data FROM outbox
    WHERE type = 'order.summary_changed.v1' ORDER BY seq DESC`
  const { by, lineage } = heard(O.reserve)
  const summaries = yield* OrderSummaries
  yield* summaries.submit(
    Schema.decodeUnknownSync(Summaries)(rows).map(({ data }) => {
      const submission: Submission<OrderSummaryChanged, void> = {
        command: data,
        by,
        lineage,
        origin: { _tag: "Request" }
      }
      return submission
    })
  )
})

const Listed = Schema.parseJson(Schema.Struct({
  items: Schema.Array(Schema.Struct({ id: Schema.String, status: Schema.String })),
  nextCursor: Schema.optional(Schema.String)
}))
const listed = (reply: E.Reply) => Schema.decodeSync(Listed)(reply.text)

const Past = Schema.parseJson(Schema.Struct({
  items: Schema.Array(Schema.Struct({
    version: Schema.Int,
    from: Schema.NullOr(Schema.String),
    to: Schema.String,
    event: Schema.String,
    actor: Schema.String
  })),
  nextCursor: Schema.optional(Schema.String)
}))
const past = (reply: E.Reply) => Schema.decodeSync(Past)(reply.text)

layer(E.edge(), { excludeTestServices: true, timeout: 60_000 })("what can be looked up", (it) => {
  it.effect("lists one's own orders, newest first, a page at a time (H201)", () =>
    Effect.gen(function*() {
      const [as, other] = [E.newCustomer(), E.newCustomer()]
      const ids = yield* Effect.all(Array.from({ length: 5 }, () => E.ordered(as)))
      yield* E.ordered(other)
      yield* E.tell(ids[1] ?? "", O.reserve)
      yield* feedLists
      const walk = Effect.fnUntraced(function*(query: string) {
        const found: Array<string> = []
        let cursor = ""
        for (let pages = 0; pages < 10; pages++) {
          const page = listed(yield* E.call("GET", `/orders?limit=2${query}${cursor}`, { as }))
          assert.isAtMost(page.items.length, 2)
          found.push(...page.items.map(({ id }) => id))
          if (page.nextCursor === undefined) break
          cursor = `&cursor=${page.nextCursor}`
        }
        return found
      })
      assert.deepStrictEqual(yield* walk(""), ids.toReversed())
      assert.deepStrictEqual(yield* walk("&status=Reserved"), [ids[1]])
      assert.deepStrictEqual(yield* walk("&status=Draft"), ids.toReversed().filter((id) => id !== ids[1]))
      const first = listed(yield* E.call("GET", "/orders", { as }))
      assert.strictEqual(first.items.length, 5)
      const wrong = ["limit=0", "limit=101", "limit=1.5", "limit=x", "status=Lost", "cursor=%00", "cursor=bm90aGluZw"]
      for (const query of wrong) {
        assert.strictEqual(E.problem(yield* E.call("GET", `/orders?${query}`, { as })), "400 invalid-request", query)
      }
    }))

  it.effect("shows an order's whole past in the order it happened (H43, H201)", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const id = yield* E.ordered(as, O.reserve, O.pay, O.declined, O.paid, O.refunded)
      const all = past(yield* E.call("GET", `/orders/${id}/history`, { as }))
      assert.deepStrictEqual(all.items.map(({ event, from, to, version }) => [version, from, to, event]), [
        [1, null, "Draft", "OrderPlaced"],
        [2, "Draft", "Reserved", "StockReserved"],
        [3, "Reserved", "PaymentPending", "PaymentRequested"],
        [4, "PaymentPending", "Failed", "PaymentFailed"],
        [5, "Failed", "Failed", "RefundRequested"],
        [6, "Failed", "Failed", "RefundMade"]
      ])
      assert.strictEqual(all.items[0]?.actor, as)
      const first = past(yield* E.call("GET", `/orders/${id}/history?limit=4`, { as }))
      const rest = past(
        yield* E.call("GET", `/orders/${id}/history?limit=4&cursor=${first.nextCursor ?? ""}`, { as })
      )
      assert.deepStrictEqual([...first.items, ...rest.items], [...all.items])
      assert.isUndefined(rest.nextCursor)
      const seen = yield* E.call("GET", `/orders/${id}`, { as })
      assert.deepInclude(E.json(seen), { status: "Failed", reason: "declined", refund: "refunded", version: 6 })
    }))

  it.effect("does not send again what the caller has", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as)
      const look = (known: string) => E.call("GET", `/orders/${id}`, { as, headers: { "if-none-match": known } })
      const first = yield* look(`"0"`)
      assert.deepStrictEqual([first.status, first.headers["etag"]], [200, `"1"`])
      for (const known of [`"1"`, `W/"1"`, `"7", "1"`, "*"]) {
        const reply = yield* look(known)
        assert.deepStrictEqual([reply.status, reply.text, reply.headers["etag"]], [304, "", `"1"`], known)
      }
      yield* E.tell(id, O.reserve)
      assert.strictEqual((yield* look(`"1"`)).headers["etag"], `"2"`)
    }))

  it.effect("shows what belongs to each stage of an order, and nothing else (H192)", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const common = ["id", "lines", "placedAt", "refund", "status", "total", "updatedAt", "version"]
      const extras = {
        Draft: [],
        Reserved: ["holdUntil"],
        PaymentPending: ["attempt"],
        Paid: ["cancelling"],
        Cancelling: ["cancelling"],
        Shipped: ["shipmentId"],
        Failed: ["reason"],
        Cancelled: ["reason"]
      } satisfies Record<Exclude<O.Stage, "Absent">, ReadonlyArray<string>>
      const stages: ReadonlyArray<Exclude<O.Stage, "Absent">> = [
        "Draft",
        "Reserved",
        "PaymentPending",
        "Paid",
        "Cancelling",
        "Shipped",
        "Failed",
        "Cancelled"
      ]
      for (const stage of stages) {
        const id = yield* E.ordered(as, ...O.histories[stage].slice(1))
        const seen = yield* E.call("GET", `/orders/${id}`, { as })
        assert.deepStrictEqual(Object.keys(E.json(seen)).toSorted(), [...common, ...extras[stage]].toSorted())
      }
    }))
})
