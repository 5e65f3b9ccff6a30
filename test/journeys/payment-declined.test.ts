import { assert, layer } from "@effect/vitest"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { get, post, problemOf } from "../support/Edge.ts"
import { authenticate, booksOf } from "../support/Provider.ts"
import { becomes, brokenAtRest, levelOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

/** Every way in which the provider's test cards are refused, and the most that a customer may be told of it. */
const declines = [
  { card: "pm_card_chargeDeclined", reason: "declined" },
  { card: "pm_card_visa_chargeDeclined", reason: "declined" },
  { card: "pm_card_visa_chargeDeclinedInsufficientFunds", reason: "insufficient_funds" },
  { card: "pm_card_visa_chargeDeclinedLostCard", reason: "declined" },
  { card: "pm_card_visa_chargeDeclinedStolenCard", reason: "declined" },
  { card: "pm_card_visa_chargeDeclinedVelocityLimitExceeded", reason: "declined" },
  { card: "pm_card_chargeDeclinedExpiredCard", reason: "expired_card" },
  { card: "pm_card_chargeDeclinedIncorrectCvc", reason: "incorrect_cvc" },
  { card: "pm_card_chargeDeclinedProcessingError", reason: "processing_error" },
  { card: "pm_thatNobodyKnows", reason: "invalid_payment_method" }
]

/** An order of two out of five, and its customer. */
const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* Customer.place(customer, sku, 2) }
})

/** It is over: nothing was kept, what was held is back, and it can be neither paid nor cancelled. */
const cameToNothing = Effect.fn("cameToNothing")(
  function*({ customer, order, sku }: Effect.Effect.Success<typeof reserved>, reason: string) {
    const seen = yield* becomes(customer, order, "Failed")
    assert.deepInclude(seen, { reason, refund: "none" })
    yield* until(levelOf(sku), ({ available }) => available === 5)
    assert.deepInclude(yield* levelOf(sku), { onHand: 5, reserved: 0 })
    const books = yield* until(booksOf(order), ({ intents }) => intents.every(({ status }) => status === "canceled"))
    assert.deepStrictEqual(books.charges, [])
    assert.strictEqual(yield* problemOf(yield* pay409(customer, order)), "409 order-failed")
    assert.strictEqual(yield* problemOf(yield* post(customer, `/orders/${order.id}/cancel`)), "409 order-failed")
    assert.strictEqual(yield* count("payment.payment_attempts WHERE order_id = $1", order.id), 1)
  }
)

const pay409 = (customer: Customer.Customer, order: OrderView) =>
  post(customer, `/orders/${order.id}/pay`, { key: `again-${order.id}`, body: { paymentMethodId: "pm_card_visa" } })

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("a card that is refused", (it) => {
  it.effect("fails the order for a reason that is safe to show, frees the stock and keeps nothing (H54, H22)", () =>
    Effect.forEach(declines, ({ card, reason }) =>
      Effect.gen(function*() {
        const story = yield* reserved
        const request = { key: v7(), prefer: "wait=15", body: { paymentMethodId: card } }
        const answer = yield* post(story.customer, `/orders/${story.order.id}/pay`, request)
        assert.strictEqual(answer.status, 200, card)
        assert.notMatch(answer.body, /lost_card|stolen|velocity|generic/i)
        yield* cameToNothing(story, reason)
      }), { concurrency: 4, discard: true }))

  it.effect("shows the customer whose bank asks the next step, and no secret; failing it fails the order (H59, H54)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { customer, order } = story
      assert.strictEqual((yield* pay(customer, order, "pm_card_authenticationRequired")).status, 202)
      const waiting = yield* Customer.look(customer, order)
      assert.strictEqual(waiting.status, "PaymentPending")
      assert.isString(waiting.nextAction?.type)
      assert.notInclude((yield* get(customer, `/orders/${order.id}`)).body, "_secret_")
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])

      yield* authenticate(order, "failed")
      yield* cameToNothing(story, "authentication_failed")
    }))

  it.effect("passing it pays the order (H59, H60)", () =>
    Effect.gen(function*() {
      const { customer, order } = yield* reserved
      yield* pay(customer, order, "pm_card_authenticationRequired")
      yield* authenticate(order, "succeeded")
      yield* becomes(customer, order, "Shipped")
      assert.deepStrictEqual((yield* booksOf(order)).charges, [2000])
    }))

  it.effect("leaves nothing undone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
