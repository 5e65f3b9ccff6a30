import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { look } from "quartet/demo/Customer"
import { v7 } from "uuid"
import { get, order as place, post, problemOf } from "../support/Edge.ts"
import { booksOf } from "../support/Provider.ts"
import { brokenAtRest, newCustomer, newProduct } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

const visa = { paymentMethodId: "pm_card_visa" }

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("two customers", (it) => {
  it.effect("cannot tell an order of the other from one that there is not (H190)", () =>
    Effect.gen(function*() {
      const [owner, stranger] = yield* Effect.all([newCustomer, newCustomer])
      const placed = yield* place(owner, [{ sku: yield* newProduct(5), quantity: 1 }], "wait=15")
      const asked = (id: string) =>
        Effect.all([
          get(stranger, `/orders/${id}`),
          get(stranger, `/orders/${id}/history`),
          post(stranger, `/orders/${id}/cancel`),
          post(stranger, `/orders/${id}/cancel`, { key: v7() }),
          post(stranger, `/orders/${id}/pay`, { key: v7(), body: visa })
        ])
      const varying = (body: string) =>
        body.replaceAll(/"(correlationId|instance)":"[^"]*"/g, "").replaceAll(placed.id, "")
      const names = ({ headers }: { readonly headers: Readonly<Record<string, string>> }) =>
        Object.keys(headers).toSorted()
      const theirs = yield* asked(placed.id)
      const absent = yield* asked(v7())
      const nonsense = yield* asked("no-id-at-all")
      for (const others of [absent, nonsense]) {
        theirs.forEach((answer, index) => {
          assert.strictEqual(answer.status, 404)
          assert.strictEqual(others[index]?.status, 404)
          assert.strictEqual(varying(answer.body), varying(others[index]?.body ?? ""))
          assert.deepStrictEqual(names(answer), names(others[index] ?? { headers: {} }))
        })
      }
      assert.strictEqual((yield* look(owner, placed)).version, placed.version)
      assert.deepStrictEqual((yield* booksOf(placed)).intents, [])
      assert.notInclude((yield* get(stranger, "/orders")).body, placed.id)
    }))

  it.effect("may use the same key, and each gets an answer of their own, twice (H05, H204)", () =>
    Effect.gen(function*() {
      const customers = yield* Effect.all([newCustomer, newCustomer])
      const sku = yield* newProduct(10)
      const key = v7()
      const order = (customer: typeof customers[0]) =>
        post(customer, "/orders", { key, body: { lines: [{ sku, quantity: 1 }] } })
      const first = yield* Effect.forEach(customers, order, { concurrency: "unbounded" })
      const again = yield* Effect.forEach(customers, order)
      assert.deepStrictEqual(first.map(({ status }) => status), [201, 201])
      assert.notStrictEqual(first[0]?.headers["location"], first[1]?.headers["location"])
      assert.deepStrictEqual(again.map(({ body }) => body), first.map(({ body }) => body))
      assert.deepStrictEqual(again.map(({ headers }) => headers["idempotent-replayed"]), ["true", "true"])
      assert.strictEqual(yield* count("\"order\".idempotency_keys WHERE key = $1", key), 2)
    }))

  it.effect("must say who they are before anything is done (H193)", () =>
    Effect.gen(function*() {
      const { url } = yield* newCustomer
      const before = yield* count("\"order\".orders")
      const nobody = { url, token: Redacted.make("e30.e30.e30") }
      const sku = yield* newProduct(1)
      const answers = yield* Effect.all([
        post(nobody, "/orders", { key: v7(), body: { lines: [{ sku, quantity: 1 }] } }),
        get(nobody, "/orders"),
        post(nobody, `/orders/${v7()}/pay`, { key: v7(), body: visa })
      ])
      assert.deepStrictEqual(answers.map(({ status }) => status), [401, 401, 401])
      assert.strictEqual(yield* count("\"order\".orders"), before)
    }))

  it.effect("must bring a key to pay, and may not send a card number (H06, H195)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const placed = yield* place(customer, [{ sku: yield* newProduct(5), quantity: 1 }], "wait=15")
      const path = `/orders/${placed.id}/pay`
      const keys = yield* Effect.forEach([undefined, "", "x".repeat(256), "\""], (key) =>
        post(customer, path, key === undefined ? { body: visa } : { key, body: visa }))
      assert.deepStrictEqual([
        ...new Set(keys.map(({ status }) =>
          status
        ))
      ], [400])
      const cards = yield* Effect.forEach(["4242424242424242", "pm_4242424242424242"], (paymentMethodId) =>
        post(customer, path, { key: v7(), body: { paymentMethodId } }))
      assert.deepStrictEqual([
        ...new Set(cards.map(({ status }) =>
          status
        ))
      ], [400])
      assert.isFalse(cards.some(({ body }) => body.includes("4242424242424242")))
      assert.strictEqual((yield* look(customer, placed)).status, "Reserved")
      assert.strictEqual(yield* problemOf(yield* get(customer, "/orders/x")), "404 order-not-found")
    }))

  it.effect("leave nothing undone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
