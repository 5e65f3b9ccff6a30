import { assert, layer } from "@effect/vitest"
import { OrderView } from "@quartet/contracts/OrderView"
import { Effect, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import type { Request } from "../support/Edge.ts"
import { order, post, problemOf } from "../support/Edge.ts"
import { booksOf, charging, whileFaulty } from "../support/Provider.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

const visa = { paymentMethodId: "pm_card_visa" }
const fifty = Array.from({ length: 50 }, (_, index) => index)

/** A customer with an order that waits to be paid. */
const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const placed = yield* Customer.place(customer, yield* newProduct(10), 1)
  assert.strictEqual(placed.status, "Reserved")
  const press = (request: Request) => post(customer, `/orders/${placed.id}/pay`, { body: visa, ...request })
  return { customer, placed, press }
})

const requestsOf = ({ id }: { readonly id: string }) =>
  count("\"order\".outbox WHERE type = 'order.payment_requested.v1' AND subject = $1", id)

const chargedOnce = (placed: OrderView) =>
  Effect.gen(function*() {
    const { charges, intents } = yield* booksOf(placed)
    assert.deepStrictEqual(charges, [1000])
    assert.strictEqual(intents.length, 1)
    assert.strictEqual(yield* requestsOf(placed), 1)
  })

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("an impatient customer", (it) => {
  it.effect("presses pay fifty times at once: one charge, and everybody gets the same bytes (H02, H01, H14)", () =>
    Effect.gen(function*() {
      const { customer, placed, press } = yield* reserved
      const key = v7()
      const answers = yield* Effect.forEach(fifty, () => press({ key }), { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [202])
      assert.strictEqual(new Set(answers.map(({ body }) => body)).size, 1)
      const fresh = answers.filter(({ headers }) => headers["idempotent-replayed"] !== "true")
      assert.strictEqual(fresh.length, 1)

      yield* becomes(customer, placed, "Shipped")
      yield* chargedOnce(placed)
      const later = yield* press({ key })
      assert.deepStrictEqual([later.status, later.body], [202, answers[0]?.body])
      assert.strictEqual(later.headers["idempotent-replayed"], "true")
      assert.strictEqual(yield* count("\"order\".idempotency_keys WHERE key = $1", key), 1)
      yield* chargedOnce(placed)
    }))

  it.effect("who would wait for the outcome is told to come back, and then gets the first answer (H02)", () =>
    Effect.gen(function*() {
      const { placed, press } = yield* reserved
      const request = { key: v7(), prefer: "wait=15" }
      const answers = yield* Effect.forEach(fifty, () => press(request), { concurrency: "unbounded" })
      const busy = answers.filter(({ status }) => status === 409)
      const told = answers.filter(({ status }) => status !== 409)
      assert.deepStrictEqual(
        [...new Set(yield* Effect.forEach(busy, problemOf))].filter((name) =>
          name !== "409 idempotency-key-in-progress"
        ),
        []
      )
      assert.isTrue(busy.every(({ headers }) => headers["retry-after"] !== undefined))
      assert.isNotEmpty(told)
      assert.deepStrictEqual([...new Set(told.map(({ status }) => status))], [200])
      const again = yield* until(press(request), ({ status }) => status !== 409)
      assert.deepStrictEqual([again.status, again.body], [200, told[0]?.body])
      assert.strictEqual(new Set(told.map(({ body }) => body)).size, 1)
      yield* chargedOnce(placed)
    }))

  it.effect("pays fifty times at once under fifty keys: one wins, the others are refused (H20)", () =>
    Effect.gen(function*() {
      const { customer, placed, press } = yield* reserved
      const answers = yield* Effect.forEach(fifty, () => press({ key: v7() }), { concurrency: "unbounded" })
      assert.strictEqual(answers.filter(({ status }) => status === 202).length, 1)
      const others = answers.filter(({ status }) => status !== 202)
      // One that comes after the outcome is told of it.
      const refused = others.filter(({ status }) => status !== 200)
      assert.isNotEmpty(refused)
      assert.deepStrictEqual([...new Set(yield* Effect.forEach(refused, problemOf))], ["409 payment-in-progress"])
      yield* becomes(customer, placed, "Shipped")
      yield* chargedOnce(placed)
    }))

  it.effect("pays again when it is paid: the order comes back, the provider is not asked (H21, H12)", () =>
    Effect.gen(function*() {
      const { customer, placed, press } = yield* reserved
      yield* press({ key: v7(), prefer: "wait=15" })
      yield* becomes(customer, placed, "Shipped")
      const again = yield* press({ key: v7() })
      assert.strictEqual(again.status, 200)
      const body = yield* Schema.decode(Schema.parseJson(OrderView))(again.body)
      assert.strictEqual(body.status, "Shipped")
      yield* chargedOnce(placed)
    }))

  it.effect("hangs up and presses again: the first press counts, and its answer is replayed (H10, H11)", () =>
    Effect.gen(function*() {
      const { customer, placed, press } = yield* reserved
      const request = { key: v7(), prefer: "wait=10" }
      const slow = { fault: "hang", delayMs: 500, match: charging }
      const { struck } = yield* whileFaulty(
        slow,
        Effect.gen(function*() {
          yield* Effect.raceFirst(press(request), becomes(customer, placed, "PaymentPending"))
          const again = yield* until(press(request), ({ status }) => status !== 409)
          assert.strictEqual(again.status, 200)
          assert.strictEqual(again.headers["idempotent-replayed"], "true")
        })
      )
      assert.strictEqual(struck, 1)
      yield* becomes(customer, placed, "Shipped")
      yield* chargedOnce(placed)
    }))

  it.effect("a key belongs to its first request: another card, order or route is refused (H03, H04, H16)", () =>
    Effect.gen(function*() {
      const { customer, placed, press } = yield* reserved
      const other = yield* Customer.place(customer, yield* newProduct(1), 1)
      const key = v7()
      const first = yield* press({ key, prefer: "wait=15" })
      const refused = yield* Effect.all([
        press({ key, body: { paymentMethodId: "pm_card_mastercard" } }),
        post(customer, `/orders/${other.id}/pay`, { key, body: visa }),
        post(customer, `/orders/${placed.id}/cancel`, { key }),
        post(customer, "/orders", { key, body: { lines: [{ sku: "x", quantity: 1 }] } })
      ])
      assert.deepStrictEqual(
        [...new Set(yield* Effect.forEach(refused, problemOf))],
        ["422 idempotency-key-reused"]
      )
      assert.strictEqual((yield* press({ key, prefer: "wait=15" })).body, first.body)
      assert.strictEqual(yield* requestsOf(other), 0)
      yield* chargedOnce(placed)
    }))

  it.effect("orders twice under one key: one order; the key is then no good for paying it (H15, H16)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const key = v7()
      const body = { lines: [{ sku: yield* newProduct(10), quantity: 2 }] }
      const answers = yield* Effect.forEach(fifty.slice(0, 10), () => post(customer, "/orders", { key, body }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [201])
      assert.strictEqual(new Set(answers.map(({ body }) => body)).size, 1)
      assert.strictEqual(new Set(answers.map(({ headers }) => headers["location"])).size, 1)
      const path = answers[0]?.headers["location"] ?? ""
      assert.strictEqual(
        yield* problemOf(yield* post(customer, `${path}/pay`, { key, body: visa })),
        "422 idempotency-key-reused"
      )
      const next = yield* order(customer, body.lines)
      assert.notStrictEqual(`/orders/${next.id}`, path)
      yield* Effect.forEach([path, `/orders/${next.id}`], (order) => post(customer, `${order}/cancel`))
    }))

  it.effect("leaves nothing undone", () =>
    Effect.gen(function*() {
      // An order of the story above still waits to be paid, as it may.
      assert.deepStrictEqual(yield* brokenAtRest(), [])
    }))
})
