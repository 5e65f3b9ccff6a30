import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import * as Token from "quartet/Token"
import { System } from "../support/Addresses.ts"
import { get, order as place } from "../support/Edge.ts"
import { newCustomer, newProduct, until } from "../support/Shop.ts"
import * as Running from "../support/System.ts"

const Item = Schema.Struct({
  id: Schema.optional(Schema.String),
  placedAt: Schema.optional(Schema.String),
  status: Schema.optional(Schema.String)
})
const Page = Schema.parseJson(Schema.Struct({ items: Schema.Array(Item), nextCursor: Schema.optional(Schema.String) }))

const page = Effect.fn("page")(function*(customer: Customer.Customer, path: string) {
  const answer = yield* get(customer, path)
  assert.strictEqual(answer.status, 200, answer.body)
  const { items, nextCursor } = yield* Schema.decode(Page)(answer.body)
  const next = /^<(\/[^>]*)>; rel="next"$/.exec(answer.headers["link"] ?? "")?.[1]
  assert.strictEqual(next === undefined, nextCursor === undefined, "the link and the cursor tell the same")
  return { items, next, nextCursor }
})

/** Follows the links alone, as a client does that builds no URL. */
const walk = Effect.fn("walk")(function*(customer: Customer.Customer, path: string) {
  const pages: Array<ReadonlyArray<typeof Item.Type>> = []
  let next: string | undefined = path
  while (next !== undefined && pages.length < 20) {
    const one: { readonly items: ReadonlyArray<typeof Item.Type>; readonly next: string | undefined } = yield* page(
      customer,
      next
    )
    pages.push(one.items)
    next = one.next
  }
  return pages
})

const idsOf = (pages: ReadonlyArray<ReadonlyArray<typeof Item.Type>>) => pages.flat().map(({ id }) => id)

/** Five orders of a customer of their own, oldest first; the first is cancelled. */
const history = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(100)
  const orders = yield* Effect.replicateEffect(place(customer, [{ sku, quantity: 1 }], "wait=15"), 5)
  const [first] = orders
  if (first !== undefined) yield* Customer.cancel(customer, first)
  const listed = yield* until(
    page(customer, "/orders"),
    ({ items }) =>
      items.filter(({ status }) => status === "Reserved").length === 4 &&
      items.some(({ id, status }) => id === first?.id && status === "Cancelled")
  )
  return { customer, orders: listed.items.toReversed().map(({ id = "", placedAt = "" }) => ({ id, placedAt })) }
})

layer(Running.layer(), { excludeTestServices: true, timeout: 150_000 })("lists", (it) => {
  it.effect("go on where their link leads, with the filters they began with (H201)", () =>
    Effect.gen(function*() {
      const { customer, orders } = yield* history
      const newest = orders.map(({ id }) => id).toReversed()
      const all = yield* walk(customer, "/orders?limit=2")
      assert.deepStrictEqual(all.map(({ length }) => length), [2, 2, 1])
      assert.deepStrictEqual(idsOf(all), newest)
      const reserved = yield* walk(customer, "/orders?limit=3&status=Reserved")
      assert.deepStrictEqual(reserved.map(({ length }) => length), [3, 1])
      assert.deepStrictEqual(idsOf(reserved), newest.slice(0, 4))
      const steps = yield* walk(customer, `/orders/${orders[0]?.id}/history?limit=1`)
      assert.deepStrictEqual(steps.map(({ length }) => length), [1, 1, 1])
    }))

  it.effect("hold what was placed from one moment on and before another (H201)", () =>
    Effect.gen(function*() {
      const { customer, orders } = yield* history
      const [, second, , fourth] = orders
      if (second === undefined || fourth === undefined) return assert.fail("There are five orders.")
      const between = (from: string, to: string, more = "") =>
        Effect.map(walk(customer, `/orders?limit=1&placedAfter=${from}&placedBefore=${to}${more}`), idsOf)
      const expected = orders.filter(({ placedAt }) => placedAt >= second.placedAt && placedAt < fourth.placedAt)
      const newest = expected.map(({ id }) => id).toReversed()
      assert.include(newest, second.id)
      assert.notInclude(newest, fourth.id)
      assert.deepStrictEqual(yield* between(second.placedAt, fourth.placedAt), newest)
      const elsewhere = (moment: string) => encodeURIComponent(moment.replace("Z", "000+00:00"))
      assert.deepStrictEqual(yield* between(elsewhere(second.placedAt), elsewhere(fourth.placedAt)), newest)
      assert.deepStrictEqual(yield* between(second.placedAt, fourth.placedAt, "&status=Cancelled"), [])
      const finer = second.placedAt.replace("Z", "1Z")
      assert.notInclude(yield* between(finer, fourth.placedAt), second.id)
      assert.include(yield* between(second.placedAt, finer), second.id)
    }))

  it.effect("refuse bounds that are no moments or contradict each other, by name (H189)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const moments = [
        "yesterday",
        "2026-03-01",
        "2026-02-30T00:00:00Z",
        "2026-03-01T00:00:00",
        "2026-03-01T25:00:00Z",
        "2026-03-01T00:00:00+01:00", // the plus sign of a URL is a space
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "%00",
        ""
      ]
      for (const field of ["placedAfter", "placedBefore"]) {
        for (const moment of moments) {
          const answer = yield* get(customer, `/orders?${field}=${moment}`)
          assert.strictEqual(answer.status, 400, moment)
          assert.include(answer.body, `\\"${field}\\" must be an RFC 3339 date and time.`, moment)
        }
      }
      for (const to of ["2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z"]) {
        const answer = yield* get(customer, `/orders?placedAfter=2026-03-01T00:00:00Z&placedBefore=${to}`)
        assert.strictEqual(answer.status, 400)
        assert.include(answer.body, `\\"placedBefore\\" must be a moment after placedAfter.`)
      }
    }))

  it.effect("refuse a cursor that another list gave, instead of leaving orders out (H201)", () =>
    Effect.gen(function*() {
      const { customer } = yield* history
      const { nextCursor } = yield* page(customer, "/orders?limit=1&status=Reserved")
      assert.isString(nextCursor)
      for (const filters of ["", "&status=Paid", "&status=Reserved&placedAfter=2026-01-01T00:00:00Z"]) {
        const answer = yield* get(customer, `/orders?limit=1${filters}&cursor=${nextCursor}`)
        assert.strictEqual(answer.status, 400)
        assert.include(answer.body, `\\"cursor\\" must be the nextCursor of a page with the same filters.`)
      }
      const stranger = yield* newCustomer
      assert.deepStrictEqual((yield* page(stranger, `/orders?status=Reserved&cursor=${nextCursor}`)).items, [])
      const crafted = { placedAt: "+275760-09-13T00:00:00.000Z", id: "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10", of: "  " }
      const cursor = Buffer.from(Schema.encodeSync(Schema.parseJson())(crafted)).toString("base64url")
      assert.strictEqual((yield* get(customer, `/orders?cursor=${cursor}`)).status, 400)
    }))

  it.effect("of products, stock and shipments have links as well", () =>
    Effect.gen(function*() {
      const { customer } = yield* history
      yield* Effect.replicateEffect(newProduct(1), 2)
      const { inventory, order, warehouse } = yield* System
      const token = yield* Token.forOperator
      yield* until(get({ url: warehouse, token }, "/shipments"), ({ body }) => body.split("orderId").length > 2)
      const lists = [[order, "/products"], [inventory, "/stock"], [warehouse, "/shipments"]] as const
      for (const [url, path] of lists) {
        const single = yield* walk({ url, token }, `${path}?limit=1`)
        const whole = yield* walk({ url, token }, `${path}?limit=100`)
        assert.isAbove(single.length, 1, path)
        assert.strictEqual(single.flat().length, whole.flat().length, path)
      }
      assert.isUndefined((yield* page(customer, "/products?limit=100")).next)
    }))
})
