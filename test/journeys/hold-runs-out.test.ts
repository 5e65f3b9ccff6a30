import { assert, layer } from "@effect/vitest"
import { Clock, DateTime, Effect } from "effect"
import { look } from "quartet/demo/Customer"
import type * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { order as placeNow, post, problemOf } from "../support/Edge.ts"
import { authenticate, booksOf, charging, whileFaulty } from "../support/Provider.ts"
import { becomes, brokenAtRest, levelOf, newCustomer, newProduct, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { whileLocked } from "../support/Tables.ts"

const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* placeNow(customer, [{ sku, quantity: 2 }], "wait=15") }
})

const press = (customer: Customer.Customer, { id }: { readonly id: string }) =>
  post(customer, `/orders/${id}/pay`, { key: v7(), body: { paymentMethodId: "pm_card_visa" } })

const reasonOf = (customer: Customer.Customer, order: { readonly id: string }) =>
  Effect.map(look(customer, order), ({ reason }) => reason)

const short = {
  ORDER_HOLD_EXPIRES_AFTER: "1500 millis",
  ORDER_DRAFT_EXPIRES_AFTER: "1500 millis",
  PAYMENT_ACTION_DEADLINE: "1000 millis",
  PAYMENT_FIRST_PAUSE: "100 millis",
  PAYMENT_LONGEST_PAUSE: "400 millis"
}

layer(System.layer(short), { excludeTestServices: true, timeout: 150_000 })("the time to pay", (it) => {
  it.effect("runs out for a customer who never pays: the goods are for others again (H38, H98)", () =>
    Effect.gen(function*() {
      const { customer, order, sku } = yield* reserved
      assert.strictEqual(order.status, "Reserved")
      assert.strictEqual((yield* levelOf(sku)).available, 3)
      yield* becomes(customer, order, "Cancelled")
      assert.strictEqual(yield* reasonOf(customer, order), "hold_expired")
      yield* until(levelOf(sku), ({ available, reserved }) => available === 5 && reserved === 0)
      assert.strictEqual(yield* problemOf(yield* press(customer, order)), "409 order-cancelled")
      assert.deepStrictEqual((yield* booksOf(order)).intents, [])
    }))

  it.effect("does not run out while a payment that began in time is under way (H38, H70)", () =>
    Effect.gen(function*() {
      const { customer, order } = yield* reserved
      const { struck } = yield* whileFaulty(
        { fault: "hang", delayMs: 2200, match: charging },
        Effect.zipRight(press(customer, order), becomes(customer, order, "Shipped"))
      )
      assert.strictEqual(struck, 1)
      assert.deepInclude(yield* booksOf(order), { charges: [2000], refunds: [] })
    }))

  it.effect("runs out for a customer who leaves the bank's step undone: nothing is kept, at either end (H59, H39)", () =>
    Effect.gen(function*() {
      const { customer, order, sku } = yield* reserved
      const asked = { key: v7(), prefer: "wait=10", body: { paymentMethodId: "pm_card_authenticationRequired" } }
      assert.strictEqual((yield* post(customer, `/orders/${order.id}/pay`, asked)).status, 202)
      assert.isDefined((yield* look(customer, order)).nextAction)
      yield* becomes(customer, order, "Failed")
      assert.strictEqual(yield* reasonOf(customer, order), "expired")
      const { charges, intents } = yield* booksOf(order)
      assert.deepStrictEqual({ charges, intents: intents.map(({ status }) => status) }, {
        charges: [],
        intents: ["canceled"]
      })
      yield* until(levelOf(sku), ({ available }) => available === 5)
      // The bank comes too late, and is told so.
      assert.strictEqual((yield* authenticate(order, "succeeded")).status, 400)
    }))

  it.effect("ends a draft that stock never answered; what stock holds afterwards goes back (H40, H34)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(5)
      const order = yield* whileLocked(
        "inventory.reservations",
        Effect.gen(function*() {
          const order = yield* placeNow(customer, [{ sku, quantity: 2 }])
          yield* becomes(customer, order, "Cancelled")
          return order
        })
      )
      assert.strictEqual(yield* reasonOf(customer, order), "draft_expired")
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
      assert.deepInclude(yield* levelOf(sku), { onHand: 5, reserved: 0, available: 5 })
    }))

  it.effect("ends at the very moment of paying: paid and shipped, or cancelled and nothing kept (H38)", () =>
    Effect.gen(function*() {
      const ends = yield* Effect.forEach(
        Array.from({ length: 16 }, (_, index) => index),
        (index) =>
          Effect.gen(function*() {
            const { customer, order, sku } = yield* reserved
            // Each presses a little later than the one before, around the end of its hold.
            const moment = (order.holdUntil === undefined ? 0 : DateTime.toEpochMillis(order.holdUntil)) +
              10 * (index - 8)
            yield* until(Clock.currentTimeMillis, (now) => now >= moment - 60)
            const now = yield* Clock.currentTimeMillis
            const answer = yield* Effect.delay(press(customer, order), Math.max(0, moment - now))
            const end = yield* until(
              look(customer, order),
              ({ status }) => status === "Shipped" || status === "Cancelled"
            )
            const { charges, refunds } = yield* booksOf(order)
            assert.deepStrictEqual(charges.length - refunds.length, end.status === "Shipped" ? 1 : 0)
            assert.strictEqual(answer.status, end.status === "Shipped" ? 202 : 409)
            yield* until(levelOf(sku), ({ available }) => available === (end.status === "Shipped" ? 3 : 5))
            return end.status
          }),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(ends.length, 16)
    }))

  it.effect("leaves nothing undone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
