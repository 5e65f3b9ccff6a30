import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { look } from "quartet/demo/Customer"
import { demand } from "quartet/Shop"
import * as Token from "quartet/Token"
import * as Addresses from "../support/Addresses.ts"
import { order as place, post, problemOf } from "../support/Edge.ts"
import { booksOf } from "../support/Provider.ts"
import { becomes, brokenAtRest, levelOf, newCustomer, newProduct, pay } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

const setPrice = (sku: string, amount: number, currency = "EUR", name = sku) =>
  Effect.gen(function*() {
    const { prices } = yield* Addresses.System
    const body = { name, price: { amount, currency } }
    yield* demand(
      { method: "PUT", url: `${prices}/products/${sku}`, token: yield* Token.forOperator, body },
      Schema.Unknown
    )
  })

/** What the answer to an order of these lines is called, when no order is to come of it. */
const refused = (body: unknown) =>
  Effect.gen(function*() {
    const customer = yield* newCustomer
    const before = yield* count("\"order\".orders")
    const problem = yield* problemOf(yield* post(customer, "/orders", { body }))
    assert.strictEqual(yield* count("\"order\".orders"), before)
    return problem
  })

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("an order costs", (it) => {
  it.effect("what its goods cost when it was placed, though they cost more when it is paid (H188)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(10, 1250)
      const placed = yield* place(customer, [{ sku, quantity: 2 }], "wait=15")
      yield* setPrice(sku, 9999, "USD", "now golden")
      assert.strictEqual((yield* pay(customer, placed)).status, 200)
      yield* becomes(customer, placed, "Shipped")
      const after = yield* look(customer, placed)
      assert.deepStrictEqual(after.total, { amount: 2500, currency: "EUR" })
      assert.deepStrictEqual(after.lines, placed.lines)
      assert.deepStrictEqual((yield* booksOf(placed)).charges, [2500])

      const next = yield* place(customer, [{ sku, quantity: 1 }])
      assert.deepStrictEqual(next.total, { amount: 9999, currency: "USD" })
      assert.strictEqual(next.lines[0]?.name, "now golden")
    }))

  it.effect("whole yen and thousandths of a dinar, to the last unit, also on the card (H186)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const prices = [
        { amount: 333, quantity: 3, total: 999, currency: "JPY" },
        { amount: 12_340, quantity: 3, total: 37_020, currency: "KWD" },
        { amount: 1999, quantity: 7, total: 13_993, currency: "USD" }
      ]
      yield* Effect.forEach(prices, ({ amount, currency, quantity, total }) =>
        Effect.gen(function*() {
          const sku = yield* newProduct(10, amount, currency)
          const placed = yield* place(customer, [{ sku, quantity }], "wait=15")
          assert.deepStrictEqual(placed.total, { amount: total, currency })
          yield* pay(customer, placed)
          yield* becomes(customer, placed, "Shipped")
          const { charges, intents } = yield* booksOf(placed)
          assert.deepStrictEqual(charges, [total])
          assert.deepStrictEqual(intents.map((intent) => intent.currency), [currency.toLowerCase()])
        }), { concurrency: "unbounded" })
    }))

  it.effect("and holds what its lines add up to, where one product stands on two of them (H95)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(10, 700)
      const placed = yield* place(customer, [{ sku, quantity: 2 }, { sku, quantity: 3 }], "wait=15")
      assert.deepStrictEqual(placed.total, { amount: 3500, currency: "EUR" })
      assert.deepStrictEqual(placed.lines.map((line) => [line.sku, line.quantity]), [[sku, 5]])
      assert.deepInclude(yield* levelOf(sku), { reserved: 5, available: 5 })
      const tooMany = yield* place(customer, [{ sku, quantity: 3 }, { sku, quantity: 3 }], "wait=15")
      assert.deepInclude(tooMany, { status: "Failed", reason: "out_of_stock" })
      yield* pay(customer, placed)
      yield* becomes(customer, placed, "Shipped")
      assert.deepInclude(yield* levelOf(sku), { onHand: 5, reserved: 0 })
    }))

  it.effect("nothing that the customer says: a price, a total or a state is refused (H181, H192)", () =>
    Effect.gen(function*() {
      const sku = yield* newProduct(10)
      const line = { sku, quantity: 1 }
      const bodies = [
        { lines: [{ ...line, price: 1 }] },
        { lines: [{ ...line, unitPrice: { amount: 1, currency: "EUR" } }] },
        { lines: [line], total: { amount: 1, currency: "EUR" } },
        { lines: [line], status: "Paid" },
        { lines: [line], customerId: "somebody-else" }
      ]
      const problems = yield* Effect.forEach(bodies, refused)
      assert.isTrue(problems.every((problem) => problem.startsWith("400 ")), problems.join())
    }))

  it.effect("one currency, and a total that can be charged: others are refused at the edge (H187, H184, H185)", () =>
    Effect.gen(function*() {
      const [euro, yen, penny, treasure] = yield* Effect.all([
        newProduct(10, 1000, "EUR"),
        newProduct(10, 1000, "JPY"),
        newProduct(10, 1, "EUR"),
        newProduct(10, 99_999_999, "EUR")
      ])
      const one = (sku: string, quantity = 1) => ({ sku, quantity })
      assert.strictEqual(yield* refused({ lines: [one(euro), one(yen)] }), "422 mixed-currencies")
      assert.strictEqual(yield* refused({ lines: [one(penny, 49)] }), "422 total-not-chargeable")
      assert.strictEqual(yield* refused({ lines: [one(treasure, 2)] }), "422 total-not-chargeable")
      const customer = yield* newCustomer
      assert.strictEqual((yield* place(customer, [one(penny, 10), one(euro)])).total.amount, 1010)
    }))

  it.effect("a sensible number of things (H182, H183)", () =>
    Effect.gen(function*() {
      const sku = yield* newProduct(10)
      const wrong: ReadonlyArray<unknown> = [0, -1, 1.5, 1e9, "2", null]
      const problems = yield* Effect.forEach(wrong, (quantity) => refused({ lines: [{ sku, quantity }] }))
      const lines = Array.from({ length: 51 }, () => ({ sku, quantity: 1 }))
      problems.push(yield* refused({ lines: [] }), yield* refused({ lines }))
      assert.isTrue(problems.every((problem) => problem.startsWith("400 ")), problems.join())
      const many = Array.from({ length: 2 }, () => ({ sku, quantity: 600 }))
      assert.strictEqual(yield* refused({ lines: many }), "422 quantity-too-large")
    }))

  it.effect("and all of it adds up in the end", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
