import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as E from "./support/Edge.ts"
import * as O from "./support/Orders.ts"
import { countOf } from "./support/Service.ts"

const ordersOf = Effect.fnUntraced(function*(customer: string) {
  const sql = yield* SqlClient.SqlClient
  return (yield* sql`SELECT 1 FROM orders WHERE customer_id = ${customer}`).length
})

const lines = (...lines: ReadonlyArray<unknown>) => ({ lines })
const of = (quantity: unknown, sku: unknown = "TEA") => lines({ sku, quantity })

layer(E.edge(), { excludeTestServices: true, timeout: 60_000 })("what strangers send", (it) => {
  it.effect("is refused where it says what is ours to say (H181, H192)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const bodies = [
        { ...E.tea, total: { amount: 1, currency: "EUR" } },
        { ...E.tea, currency: "EUR" },
        { ...E.tea, status: "Paid" },
        { ...E.tea, customerId: "ada" },
        lines({ sku: "TEA", quantity: 1, unitPrice: { amount: 1, currency: "EUR" } }),
        lines({ sku: "TEA", quantity: 1, discount: 50 })
      ]
      for (const body of bodies) {
        assert.strictEqual(E.problem(yield* E.call("POST", "/orders", { as, body })), "400 invalid-request")
      }
      const id = yield* E.ordered(as, O.reserve)
      const paid = yield* E.call("POST", `/orders/${id}/pay`, { as, key: "k", body: { ...E.card, amount: 1 } })
      assert.strictEqual(E.problem(paid), "400 invalid-request")
      assert.strictEqual(yield* countOf("order_transitions", id), 2)
    }))

  it.effect("is refused where it is no quantity, no SKU or not 1 to 50 lines (H182, H183)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const bodies = [
        ...[0, -1, 1.5, 1001, 1e9, "1", null, true, [1], 1e308].map((quantity) => of(quantity)),
        ...["", "TEA POT", "TEA\u0000", "x".repeat(65), 7, null, "\u202eTEA"].map((sku) => of(1, sku)),
        lines(),
        lines(...Array.from({ length: 51 }, () => ({ sku: "TEA", quantity: 1 }))),
        {},
        { lines: "TEA" },
        { lines: { sku: "TEA", quantity: 1 } },
        [],
        null,
        7
      ]
      for (const body of bodies) {
        const reply = yield* E.call("POST", "/orders", { as, body })
        assert.strictEqual(reply.status, 400, reply.text)
        assert.match(reply.headers["content-type"] ?? "", /problem\+json/)
      }
      assert.strictEqual(yield* ordersOf(as), 0)
      const fifty = lines(...Array.from({ length: 50 }, () => ({ sku: "TEA", quantity: 1 })))
      assert.strictEqual((yield* E.call("POST", "/orders", { as, body: fifty })).status, 201)
    }))

  it.effect("is refused where the total can never be charged or has two currencies (H184, H185, H186, H187)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const priced = (sku: string, amount: number, currency: string) =>
        E.put(sku, { name: sku, price: { amount, currency } })
      yield* priced("GOLD", 99_999_999, "EUR")
      yield* priced("FREE", 0, "EUR")
      yield* priced("FINE", 1005, "KWD")
      yield* priced("RICE", 600_000_000_000, "IDR")
      const expected: ReadonlyArray<readonly [unknown, string]> = [
        [of(1, "NONE"), "422 unknown-product"],
        [of(2, "GOLD"), "422 total-not-chargeable"],
        [of(1000, "FREE"), "422 total-not-chargeable"],
        [of(1, "FINE"), "422 total-not-chargeable"],
        [of(2, "RICE"), "422 total-not-chargeable"],
        [lines({ sku: "TEA", quantity: 1 }, { sku: "YEN", quantity: 1 }), "422 mixed-currencies"],
        [lines({ sku: "TEA", quantity: 999 }, { sku: "TEA", quantity: 2 }), "422 quantity-too-large"]
      ]
      for (const [body, problem] of expected) {
        assert.strictEqual(E.problem(yield* E.call("POST", "/orders", { as, key: problem, body })), problem)
      }
      assert.strictEqual(yield* ordersOf(as), 0)
      const fine = yield* E.call("POST", "/orders", { as, body: of(2, "FINE") })
      assert.deepInclude(E.json(fine), { total: { amount: 2010, currency: "KWD" } })
      const rice = yield* E.call("POST", "/orders", { as, body: of(1, "RICE") })
      assert.deepInclude(E.json(rice), { total: { amount: 600_000_000_000, currency: "IDR" } })
      const yen = yield* E.call("POST", "/orders", { as, body: of(3, "YEN") })
      assert.deepInclude(E.json(yen), { total: { amount: 1500, currency: "JPY" } })
    }))

  it.effect("never breaks the edge (H189, H198)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const bodies: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
        ["", [400]],
        ["{", [400]],
        ["{\"lines\":[{\"sku\":\"TEA\\u0000\",\"quantity\":1}]}", [400]],
        ["{\"lines\":[{\"sku\":\"\\ud800\",\"quantity\":1}]}", [400]],
        ["{\"__proto__\":{\"lines\":[]},\"lines\":[{\"sku\":\"TEA\",\"quantity\":1}]}", [400]],
        ["{\"lines\":[{\"sku\":\"TEA\",\"quantity\":NaN}]}", [400]],
        ["{\"lines\":[{\"sku\":\"TEA\",\"quantity\":1e999}]}", [400]],
        [`${"[".repeat(5000)}${"]".repeat(5000)}`, [400]],
        [`{"lines":[{"sku":"${"x".repeat(70_000)}","quantity":1}]}`, [413]],
        ["{\"lines\":[{\"sku\":\"__proto__\",\"quantity\":1}]}", [422]],
        ["{\"lines\":[{\"sku\":\"constructor\",\"quantity\":1}]}", [422]]
      ]
      for (const [raw, statuses] of bodies) {
        const reply = yield* E.call("POST", "/orders", { as, raw })
        assert.include(statuses, reply.status, raw.slice(0, 80))
      }
      assert.strictEqual(yield* ordersOf(as), 0)
      for (const path of ["/orders/%00", "/orders/..%2f..", "/orders/%E0%A4%A", "/orders?cursor=%FF"]) {
        assert.isBelow((yield* E.call("GET", path, { as })).status, 500, path)
      }
    }))

  it.effect("never holds a card number (H194, H195)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as, O.reserve)
      const pay = (paymentMethodId: unknown) =>
        E.call("POST", `/orders/${id}/pay`, { as, key: "k", body: { paymentMethodId } })
      for (const method of ["4242424242424242", "pm_4242424242424242", "", 7, "visa"]) {
        const reply = yield* pay(method)
        assert.strictEqual(reply.status, 400)
        assert.isFalse(reply.text.includes("4242"))
      }
      assert.strictEqual(yield* countOf("idempotency_keys", as, "owner"), 0)
      assert.strictEqual((yield* pay("pm_card_visa")).status, 202)
    }))

  it.effect("never holds a card number, however it is written and wherever it is kept (H195)", () =>
    Effect.gen(function*() {
      const price = { amount: 1, currency: "EUR" }
      for (
        const written of ["4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "4242\u20134242 42424242"]
      ) {
        const named = yield* E.put("CUP", { name: `Cup ${written}`, price })
        assert.strictEqual(E.problem(named), "400 card-number", written)
      }
      assert.strictEqual((yield* E.put("4242-4242-4242-4242", { name: "Cup", price })).status, 400)
      assert.strictEqual((yield* E.put("4006381333931", { name: "An article number", price })).status, 200)
    }))

  it.effect("is refused where one key stands twice, at any depth and in any writing (H189)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      for (
        const raw of [
          `{"lines":[{"sku":"TEA","quantity":1}],"lines":[{"sku":"TEA","quantity":2}]}`,
          `{"lines":[{"sku":"TEA","quantity":1,"quantity":1}]}`,
          `{"lines":[{"sku":"TEA","\\u0073ku":"CUP","quantity":1}]}`
        ]
      ) {
        assert.strictEqual(E.problem(yield* E.call("POST", "/orders", { as, raw })), "400 malformed-body", raw)
      }
      assert.strictEqual(yield* ordersOf(as), 0)
    }))

  it.effect("is refused where a product is none", () =>
    Effect.gen(function*() {
      const put = (body: unknown, sku = "CUP") => E.put(sku, body)
      const price = { amount: 1, currency: "EUR" }
      const bodies = [
        { name: "", price },
        { name: "x".repeat(201), price },
        { name: "a\u0000", price },
        { name: "a\n", price },
        { name: "a", price: { amount: -1, currency: "EUR" } },
        { name: "a", price: { amount: 1.5, currency: "EUR" } },
        { name: "a", price: { amount: 2 ** 53, currency: "EUR" } },
        { name: "a", price: { amount: 100_000_000, currency: "EUR" } },
        { name: "a", price: { amount: 99_999_991, currency: "KWD" } },
        { name: "a", price: { amount: 1_000_000_000_000, currency: "IDR" } },
        { name: "a", price: { amount: 1, currency: "EURO" } },
        { name: "a", price: { amount: 1, currency: "ISK" } },
        { name: "a", price: { ...price, tax: 1 } },
        { name: "a", price, sku: "b" },
        { name: "a" }
      ]
      for (const body of bodies) assert.strictEqual((yield* put(body)).status, 400)
      assert.strictEqual((yield* put({ name: "a", price }, "a%20b")).status, 400)
      assert.strictEqual((yield* put({ name: "Café – groß", price })).status, 200)
      for (const most of [{ amount: 99_999_999, currency: "EUR" }, { amount: 999_999_999_999, currency: "IDR" }]) {
        assert.strictEqual((yield* put({ name: "a", price: most })).status, 200)
      }
      const dear = yield* put({ name: "a", price: { amount: 100_000_000, currency: "EUR" } })
      assert.deepInclude(E.json(dear), {
        errors: [{
          pointer: "/price/amount",
          detail:
            "\"price.amount\" must be at most 99999999 (999999.99 EUR), the most that the provider charges at once."
        }]
      })
    }))
})
