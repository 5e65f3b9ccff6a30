import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { becomes, brokenAtRest, chargesOf, levelOf, newCustomer, newProduct, pay } from "../support/Shop.ts"
import * as System from "../support/System.ts"

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("a customer", (it) => {
  it.effect("places an order, pays it and sees it shipped; the card is charged once, the goods leave the shelf", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(10, 1250)
      const order = yield* Customer.place(customer, sku, 2)
      assert.strictEqual(order.status, "Reserved")
      assert.deepStrictEqual(order.total, { amount: 2500, currency: "EUR" })
      assert.deepInclude(yield* levelOf(sku), { onHand: 10, reserved: 2, available: 8 })

      assert.strictEqual((yield* pay(customer, order)).status, 200)
      yield* becomes(customer, order, "Shipped")

      assert.deepStrictEqual((yield* chargesOf(order)).map(({ amount }) => amount), [2500])
      assert.deepInclude(yield* levelOf(sku), { onHand: 8, reserved: 0, available: 8 })
      const trail = yield* Customer.history(customer, order)
      assert.deepStrictEqual(trail.map(({ to }) => to), ["Draft", "Reserved", "PaymentPending", "Paid", "Shipped"])
      assert.deepStrictEqual(yield* brokenAtRest(), [])
    }))
})
