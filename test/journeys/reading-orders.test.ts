import { assert, layer } from "@effect/vitest"
import { OrderView } from "@quartet/contracts/OrderView"
import { Effect, Fiber, Ref, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { get, order as place, post } from "../support/Edge.ts"
import { charging, whileFaulty } from "../support/Provider.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"

const Summary = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  version: Schema.Int,
  itemCount: Schema.Int,
  placedAt: Schema.String
})
const Page = Schema.parseJson(
  Schema.Struct({ items: Schema.Array(Summary), nextCursor: Schema.optional(Schema.String) })
)

const list = Effect.fn("list")(function*(customer: Customer.Customer, query = "") {
  const answer = yield* get(customer, `/orders${query}`)
  assert.strictEqual(answer.status, 200, answer.body)
  return yield* Schema.decode(Page)(answer.body)
})

const Entries = Schema.parseJson(Schema.Struct({
  items: Schema.Array(Schema.Struct({
    version: Schema.Int,
    from: Schema.NullOr(Schema.String),
    to: Schema.String,
    event: Schema.String,
    cause: Schema.String,
    actor: Schema.String
  })),
  nextCursor: Schema.optional(Schema.String)
}))

// One of them asks again as soon as it was answered.
layer(System.layer({ CUSTOMER_REQUESTS_PER_SECOND: "0" }), { excludeTestServices: true, timeout: 150_000 })(
  "whoever reads",
  (it) => {
    it.effect("sees a list that follows the orders, newest first, page by page, and by status (H201)", () =>
      Effect.gen(function*() {
        const customer = yield* newCustomer
        const sku = yield* newProduct(100)
        const orders = yield* Effect.replicateEffect(place(customer, [{ sku, quantity: 2 }], "wait=15"), 7)
        const newest = orders.map(({ id }) => id).toReversed()
        const [first, second] = orders
        if (first === undefined || second === undefined) return assert.fail("There are orders.")
        yield* Customer.cancel(customer, first)
        yield* pay(customer, second)
        yield* becomes(customer, second, "Shipped")
        const all = yield* until(
          list(customer),
          ({ items }) =>
            items.length === 7 && items.filter(({ status }) => status === "Reserved").length === 5 &&
            items.some(({ id, status }) => id === second.id && status === "Shipped") &&
            items.some(({ id, status }) => id === first.id && status === "Cancelled")
        )
        assert.deepStrictEqual(all.items.map(({ id }) => id), newest)
        assert.deepStrictEqual([...new Set(all.items.map(({ itemCount }) => itemCount))], [2])

        const pages: Array<string> = []
        let query: string | undefined = "?limit=3"
        let turns = 0
        while (query !== undefined && turns < 5) {
          const page: typeof Page.Type = yield* list(customer, query)
          assert.isAtMost(page.items.length, 3)
          pages.push(...page.items.map(({ id }) => id))
          query = page.nextCursor === undefined ? undefined : `?limit=3&cursor=${page.nextCursor}`
          turns += 1
        }
        assert.strictEqual(turns, 3)
        assert.deepStrictEqual(pages, newest)

        assert.deepStrictEqual((yield* list(customer, "?status=Shipped")).items.map(({ id }) => id), [second.id])
        assert.deepStrictEqual((yield* list(customer, "?status=Paid")).items, [])
        assert.strictEqual((yield* list(customer, "?status=Reserved&limit=2")).items.length, 2)
        const wrong = yield* Effect.forEach(
          ["status=Lost", "limit=0", "limit=101", "cursor=x"],
          (query) => get(customer, `/orders?${query}`)
        )
        assert.deepStrictEqual(wrong.map(({ status }) => status), [400, 400, 400, 400])
      }))

    it.effect("sees every change of an order once, in order, with who did it and why (H43, H213)", () =>
      Effect.gen(function*() {
        const customer = yield* newCustomer
        const placed = yield* Customer.place(customer, yield* newProduct(5), 1)
        yield* pay(customer, placed)
        const shipped = yield* becomes(customer, placed, "Shipped")
        const answer = yield* get(customer, `/orders/${placed.id}/history`)
        const { items } = yield* Schema.decode(Entries)(answer.body)
        assert.deepStrictEqual(items.map(({ event, from, to, version }) => [version, from, to, event]), [
          [1, null, "Draft", "OrderPlaced"],
          [2, "Draft", "Reserved", "StockReserved"],
          [3, "Reserved", "PaymentPending", "PaymentRequested"],
          [4, "PaymentPending", "Paid", "PaymentReceived"],
          [5, "Paid", "Shipped", "OrderShipped"]
        ])
        assert.strictEqual(items.at(-1)?.version, (yield* Customer.look(customer, shipped)).version)
        assert.strictEqual(items[0]?.actor, items[2]?.actor)
        assert.isTrue(items.every(({ cause }) => cause !== ""))
        const page = yield* get(customer, `/orders/${placed.id}/history?limit=2`)
        const { nextCursor } = yield* Schema.decode(Entries)(page.body)
        const rest = yield* get(customer, `/orders/${placed.id}/history?cursor=${nextCursor}`)
        assert.deepStrictEqual((yield* Schema.decode(Entries)(rest.body)).items, items.slice(2))
      }))

    it.effect("never sees an order, or the list, go back to an older version, and sees their own writes (H42)", () =>
      Effect.gen(function*() {
        const customer = yield* newCustomer
        const placed = yield* place(customer, [{ sku: yield* newProduct(5), quantity: 1 }])
        const isOver = yield* Ref.make(false)
        const watch = <E, R>(look: Effect.Effect<number, E, R>) => {
          const seen: Array<number> = []
          return Effect.fork(
            look.pipe(
              Effect.tap((version) => Effect.sync(() => seen.push(version))),
              Effect.repeat({ until: () => Ref.get(isOver) }),
              Effect.as(seen)
            )
          )
        }
        const listed = Effect.map(list(customer), ({ items }) => items[0]?.version ?? 0)
        const watchers = yield* Effect.all([
          watch(Effect.map(Customer.look(customer, placed), ({ version }) => version)),
          watch(Effect.map(Customer.look(customer, placed), ({ version }) => version)),
          watch(listed)
        ])
        yield* becomes(customer, placed, "Reserved")
        const pressed = yield* post(customer, `/orders/${placed.id}/pay`, {
          key: v7(),
          body: { paymentMethodId: "pm_card_visa" }
        })
        const told = yield* Schema.decode(Schema.parseJson(Schema.Struct({ version: Schema.Int })))(pressed.body)
        assert.isAtLeast((yield* Customer.look(customer, placed)).version, told.version)
        yield* becomes(customer, placed, "Shipped")
        yield* until(listed, (version) => version === 5)
        yield* Ref.set(isOver, true)
        for (const seen of yield* Effect.forEach(watchers, Fiber.join)) {
          assert.isAbove(new Set(seen).size, 1)
          assert.deepStrictEqual(seen, seen.toSorted((one, two) => one - two))
        }
      }))

    it.effect("may wait until an order settles, and is told when it took too long (prefer wait)", () =>
      Effect.gen(function*() {
        const customer = yield* newCustomer
        const sku = yield* newProduct(5)
        const at = { prefer: "wait=10" }
        const order = yield* post(customer, "/orders", { ...at, body: { lines: [{ sku, quantity: 1 }] } })
        assert.strictEqual(order.headers["preference-applied"], "wait=10")
        const placed = yield* Schema.decode(Schema.parseJson(OrderView))(order.body)
        assert.strictEqual(placed.status, "Reserved")
        const body = { paymentMethodId: "pm_card_visa" }
        const { struck } = yield* whileFaulty(
          { fault: "hang", delayMs: 1600, match: charging },
          Effect.gen(function*() {
            const path = `/orders/${placed.id}`
            const hasty = yield* post(customer, `${path}/pay`, { key: v7(), prefer: "wait=1", body })
            assert.deepStrictEqual([hasty.status, hasty.headers["preference-applied"]], [202, "wait=1"])
            const patient = yield* get(customer, path, { prefer: "wait=15" })
            const seen = yield* Schema.decode(Schema.parseJson(OrderView))(patient.body)
            assert.strictEqual(seen.status, "Shipped")
            assert.isString(patient.headers["etag"])
            const known = yield* get(customer, path, { ifNoneMatch: patient.headers["etag"] ?? "" })
            assert.deepStrictEqual([known.status, known.body], [304, ""])
          })
        )
        assert.strictEqual(struck, 1)
      }))

    it.effect("leaves nothing undone", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
      }))
  }
)
