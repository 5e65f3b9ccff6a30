import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { business } from "../support/Archive.ts"
import { json, nameOf, problemIn, send } from "../support/PlainRequest.ts"
import { rowsOf } from "../support/Rows.ts"
import { brokenAtRest, newCustomer, newProduct } from "../support/Shop.ts"
import * as Running from "../support/System.ts"

/** Which field of which body is refused, and how the sentence about it goes on. */
type Refused = readonly [body: string, pointer: string, rule: RegExp]

const quiet = Effect.gen(function*() {
  assert.deepStrictEqual(yield* brokenAtRest(), [])
  return yield* rowsOf(business)
})

/** A customer, something to order, and whatever is known, to which a refusal adds nothing. */
const shopping = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  const before = yield* quiet
  const order = (body: string) =>
    send(customer, "POST", "/orders", { body, headers: { ...json, "idempotency-key": v7() } })
  return { customer, sku, order, unchanged: Effect.map(quiet, (after) => assert.deepStrictEqual(after, before)) }
})

const namesEach = Effect.fn("namesEach")(function*(refused: (sku: string) => ReadonlyArray<Refused>) {
  const { order, sku, unchanged } = yield* shopping
  for (const [body, pointer, rule] of refused(sku)) {
    const answer = yield* order(body)
    assert.strictEqual(yield* nameOf(answer), "400 invalid-request", body)
    const { detail, errors } = yield* problemIn(answer)
    assert.deepStrictEqual(errors.map((error) => error.pointer), [pointer], body)
    assert.match(detail, rule, body)
    assert.strictEqual(detail, errors[0]?.detail)
  }
  yield* unchanged
})

const unknown = /^"[\w[\].]+" is not a known field\.$/
const required = /^"[\w[\].]+" is required\.$/
const ruled = /^"[\w[\].]+" must be .+\.$/

layer(Running.layer(), { excludeTestServices: true, timeout: 150_000 })("a body that is refused", (it) => {
  it.effect("because it says what things cost: the field is named (H181)", () =>
    namesEach((sku) => [
      [`{"lines":[{"sku":"${sku}","quantity":1,"price":1}]}`, "/lines/0/price", unknown],
      [`{"lines":[{"sku":"${sku}","quantity":1,"unitPrice":{"amount":1}}]}`, "/lines/0/unitPrice", unknown],
      [`{"lines":[{"sku":"${sku}","quantity":1}],"total":{"amount":1}}`, "/total", unknown],
      [`{"lines":[{"sku":"${sku}","quantity":1}],"currency":"JPY"}`, "/currency", unknown],
      [`{"lines":[{"sku":"${sku}","quantity":1}],"discount":99}`, "/discount", unknown],
      [`{"lines":[{"sku":"${sku}","quantity":1}],"status":"Paid"}`, "/status", unknown]
    ]))

  it.effect("because of a quantity that is none: the field and the rule are named (H182)", () =>
    namesEach((sku) =>
      ["0", "-1", "-0.0", "1.5", "1001", "1e9", "1e308", "9007199254740993", `"1"`, "true", "null", "[1]", "{}"].map(
        (quantity) => [`{"lines":[{"sku":"${sku}","quantity":${quantity}}]}`, "/lines/0/quantity", ruled]
      )
    ))

  it.effect("because of too few lines, too many, or lines that are none (H183)", () =>
    namesEach((sku) => {
      const line = `{"sku":"${sku}","quantity":1}`
      return [
        [`{"lines":[]}`, "/lines/0", required],
        [`{}`, "/lines", required],
        [`{"lines":[${Array.from({ length: 51 }, () => line).join()}]}`, "/lines", ruled],
        [`{"lines":[{"quantity":1}]}`, "/lines/0/sku", required],
        [`{"lines":[${line},{"sku":"${sku}"}]}`, "/lines/1/quantity", required],
        [`{"lines":${line}}`, "/lines", ruled]
      ]
    }))

  it.effect("because the total can never be charged, or is in two currencies (H184, H185, H187)", () =>
    Effect.gen(function*() {
      const [gold, free, penny, euro, yen] = yield* Effect.all([
        newProduct(5, 99_999_999),
        newProduct(5, 0),
        newProduct(5, 1),
        newProduct(5, 1000),
        newProduct(5, 1000, "JPY")
      ])
      const { customer, order, unchanged } = yield* shopping
      const line = (sku: string, quantity: number) => `{"sku":"${sku}","quantity":${quantity}}`
      const refused = [
        [line(gold, 2), "422 total-not-chargeable"],
        [line(gold, 1000), "422 total-not-chargeable"],
        [line(free, 1000), "422 total-not-chargeable"],
        [line(penny, 49), "422 total-not-chargeable"],
        [`${line(euro, 1)},${line(yen, 1)}`, "422 mixed-currencies"],
        [`${line(penny, 600)},${line(penny, 600)}`, "422 quantity-too-large"],
        [line("nothing-of-ours", 1), "422 unknown-product"]
      ] as const
      for (const [lines, problem] of refused) {
        assert.strictEqual(yield* nameOf(yield* order(`{"lines":[${lines}]}`)), problem, lines)
      }
      yield* unchanged
      const highest = yield* order(`{"lines":[${line(gold, 1)}]}`)
      const lowest = yield* order(`{"lines":[${line(penny, 50)}]}`)
      assert.deepStrictEqual([highest.status, lowest.status], [201, 201])
      assert.include(highest.body, `"total":{"amount":99999999,"currency":"EUR"}`)
      yield* Effect.forEach(
        [highest, lowest],
        ({ headers }) => send(customer, "POST", `${headers["location"] ?? ""}/cancel`)
      )
    }))

  it.effect("because of what can harm whoever reads or keeps it (H189)", () =>
    Effect.gen(function*() {
      const { customer, order, sku, unchanged } = yield* shopping
      const line = `{"sku":"${sku}","quantity":1}`
      const bodies = [
        ["", 400],
        ["null", 400],
        ["{", 400],
        [`{"lines":[{"sku":"\\u0000","quantity":1}]}`, 400],
        [`{"lines":[{"sku":"\\ud800","quantity":1}]}`, 400],
        [`{"lines":[{"sku":"${"x".repeat(5000)}","quantity":1}]}`, 400],
        [`{"__proto__":{"lines":[${line}]}}`, 400],
        [`{"constructor":{"prototype":{}},"lines":[${line}]}`, 400],
        [`{"lines":[{"__proto__":{"sku":"${sku}"},"quantity":1}]}`, 400],
        ["[".repeat(30_000), 400],
        [`{"a":`.repeat(5000), 400],
        [`{"lines":[{"sku":"${sku}","quantity":1e999}]}`, 400],
        [`{"lines":[${line}],"lines":[${line}]}`, 400],
        [`{"lines":[{"sku":"${sku}","quantity":2,"quantity":1}]}`, 400],
        [`{"lines":[{"sku":"${sku}","quantity":1,"\\u0071uantity":1}]}`, 400],
        [`{"\\u006cines":[],"lines":[${line}]}`, 400],
        [`{"lines":[${line}]`.padEnd(70_000), 413],
        [`{"lines":[{"sku":"__proto__","quantity":1}]}`, 422],
        [`{"lines":[{"sku":"toString","quantity":1}]}`, 422]
      ] as const
      for (const [body, status] of bodies) assert.strictEqual((yield* order(body)).status, status, body.slice(0, 80))
      for (const path of ["/orders/%00", "/orders/%ff", "/orders/..%2f..", `/orders/${"a".repeat(8000)}`, "/%"]) {
        const { status } = yield* send(customer, "GET", path)
        assert.isTrue(status === 400 || status === 404, `${status} ${path.slice(0, 40)}`)
      }
      yield* unchanged
    }))

  it.effect("because it holds a card number, which no answer repeats (H195)", () =>
    Effect.gen(function*() {
      const { customer, sku } = yield* shopping
      const { id } = yield* Customer.place(customer, sku, 1)
      const before = yield* quiet
      const card = "4242424242424242"
      const pay = (body: string, headers = {}) =>
        send(customer, "POST", `/orders/${id}/pay`, {
          body,
          headers: { ...json, "idempotency-key": v7(), ...headers }
        })
      const visa = `{"paymentMethodId":"pm_card_visa"}`
      const tries = [
        pay(`{"paymentMethodId":"${card}"}`),
        pay(`{"paymentMethodId":"pm_${card}"}`),
        pay(`{"paymentMethodId":"pm_card_visa","number":"${card}"}`),
        pay(`{"paymentMethodId":"pm_card_visa","${card}":1}`),
        pay(visa, { "idempotency-key": card }),
        pay(visa, { "idempotency-key": `"my ${card}"` }),
        pay(visa, { "idempotency-key": "4242 4242 4242 4242" }),
        pay(visa, { "idempotency-key": "4242-4242-4242-4242" }),
        pay(visa, { "idempotency-key": "order 7, 4242.4242.4242.4242" }),
        pay(visa, { "idempotency-key": "3782 822463 10005" }),
        pay(`{"paymentMethodId":"pm_4242_4242_4242_4242"}`),
        pay(`{"paymentMethodId":"4242 4242 4242 4242"}`),
        send(customer, "POST", "/orders", { body: `{"lines":[{"sku":"${card}","quantity":${card}}]}`, headers: json })
      ]
      for (const [index, asking] of tries.entries()) {
        const answer = yield* asking
        assert.strictEqual(answer.status, 400, `try ${index}`)
        assert.notMatch(answer.body, /4242|3782/)
      }
      assert.deepStrictEqual(yield* quiet, before)
    }))
})
