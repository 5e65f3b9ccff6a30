import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { becomes, chargesOf, levelOf, newCustomer, newProduct, pay, until } from "./Shop.ts"

/** One order from the shelf to the door, and one whose card is declined: what a database must take at the least. */
export const purchases = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(10, 1250)
  const paid = yield* Customer.place(customer, sku, 2)
  assert.strictEqual(paid.status, "Reserved")
  assert.strictEqual((yield* pay(customer, paid)).status, 200)
  yield* becomes(customer, paid, "Shipped")
  assert.deepStrictEqual((yield* chargesOf(paid)).map(({ amount }) => amount), [2500])
  const declined = yield* Customer.place(customer, sku, 3)
  yield* pay(customer, declined, "pm_card_visa_chargeDeclined")
  yield* becomes(customer, declined, "Failed")
  yield* until(levelOf(sku), ({ available }) => available === 8)
  const trail = yield* Customer.history(customer, paid)
  assert.deepStrictEqual(trail.map(({ to }) => to), ["Draft", "Reserved", "PaymentPending", "Paid", "Shipped"])
})
