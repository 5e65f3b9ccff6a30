import { assert, describe, it as plain, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { moneyLaws } from "quartet/laws/moneyLaws"
import { laws, verify } from "quartet/Verify"
import { v7 } from "uuid"
import { System } from "../support/Addresses.ts"
import { dispatch, giveBack, isReady } from "../support/Desk.ts"
import { post } from "../support/Edge.ts"
import { becomes, levelOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as Account from "../support/Stripe.ts"

/** An order of 20.00 EUR, two out of five, and its customer. */
const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* Customer.place(customer, sku, 2) }
})
type Story = Effect.Effect.Success<typeof reserved>

const paid = Effect.tap(reserved, ({ customer, order }) => Effect.zipRight(pay(customer, order), isReady(order)))

const shipped = Effect.tap(
  paid,
  ({ customer, order }) => Effect.zipRight(dispatch(order), becomes(customer, order, "Shipped"))
)

/** As the provider and the order tell it of a refund. */
const wentBack = Effect.fn("wentBack")(function*({ customer, order }: Story, amount: number) {
  yield* until(Customer.look(customer, order), ({ refund }) => refund === "refunded")
  assert.deepInclude(yield* Account.intentOf(order), { status: "succeeded", received: 2000, refunded: amount })
})

const declines = [
  { card: "pm_card_visa_chargeDeclined", reason: "declined" },
  { card: "pm_card_visa_chargeDeclinedInsufficientFunds", reason: "insufficient_funds" },
  { card: "pm_card_visa_chargeDeclinedLostCard", reason: "declined" },
  { card: "pm_card_visa_chargeDeclinedStolenCard", reason: "declined" },
  { card: "pm_card_chargeDeclinedExpiredCard", reason: "expired_card" },
  { card: "pm_card_chargeDeclinedIncorrectCvc", reason: "incorrect_cvc" },
  { card: "pm_card_chargeDeclinedProcessingError", reason: "processing_error" }
]

const settings = {
  WAREHOUSE_DISPATCH_AFTER: "never",
  PAYMENT_ACTION_DEADLINE: "3 seconds",
  PAYMENT_LONGEST_PAUSE: "1 seconds"
}

if (Account.isThere) {
  layer(Account.layer(settings), { excludeTestServices: true, timeout: 120_000 })("without a single event,", (it) => {
    it.effect("a card is charged once, however often the button is pressed", () =>
      Effect.gen(function*() {
        const { customer, order } = yield* reserved
        const key = v7()
        const presses = Effect.replicateEffect(pay(customer, order, "pm_card_visa", key), 5, {
          concurrency: "unbounded"
        })
        const answers = yield* presses
        assert.include(answers.map(({ status }) => status), 200)
        yield* isReady(order)
        assert.deepInclude(yield* Account.intentOf(order), { status: "succeeded", received: 2000, refunded: 0 })
        yield* dispatch(order)
        yield* becomes(customer, order, "Shipped")
      }))

    it.effect("a card is refused for a reason that is safe to show, and the goods are free again", () =>
      Effect.forEach(declines, ({ card, reason }) =>
        Effect.gen(function*() {
          const { customer, order, sku } = yield* reserved
          yield* pay(customer, order, card)
          yield* becomes(customer, order, "Failed")
          assert.strictEqual((yield* Customer.look(customer, order)).reason, reason, card)
          yield* until(levelOf(sku), ({ available }) => available === 5)
          yield* until(Account.intentOf(order), ({ status }) => status === "canceled")
        }), { concurrency: 3, discard: true }))

    it.effect("a payment method that nobody knows fails the order", () =>
      Effect.gen(function*() {
        const { customer, order } = yield* reserved
        yield* pay(customer, order, "pm_thatNobodyKnows")
        yield* becomes(customer, order, "Failed")
        assert.strictEqual((yield* Customer.look(customer, order)).reason, "invalid_payment_method")
      }))

    it.effect("a payment method that paid for one order fails the next", () =>
      Effect.gen(function*() {
        const stripe = yield* Account.Stripe
        const method = yield* Effect.promise(() => stripe.paymentMethods.retrieve("pm_card_visa"))
        const [first, second] = [yield* reserved, yield* reserved]
        yield* pay(first.customer, first.order, method.id)
        yield* isReady(first.order)
        yield* dispatch(first.order)
        yield* becomes(first.customer, first.order, "Shipped")
        yield* pay(second.customer, second.order, method.id)
        yield* becomes(second.customer, second.order, "Failed")
        assert.strictEqual((yield* Customer.look(second.customer, second.order)).reason, "invalid_payment_method")
      }))

    it.effect("the bank's step is shown; cancelling the order cancels the payment", () =>
      Effect.gen(function*() {
        const { customer, order } = yield* reserved
        assert.strictEqual((yield* pay(customer, order, "pm_card_authenticationRequired")).status, 202)
        assert.isDefined((yield* Customer.look(customer, order)).nextAction)
        assert.strictEqual((yield* post(customer, `/orders/${order.id}/cancel`)).status, 200)
        yield* until(Account.intentOf(order), ({ status }) => status === "canceled")
      }))

    it.effect("the bank's step that is left undone ends the order and the payment at its deadline", () =>
      Effect.gen(function*() {
        const { customer, order } = yield* reserved
        yield* pay(customer, order, "pm_card_authenticationRequired")
        yield* becomes(customer, order, "Failed")
        assert.strictEqual((yield* Customer.look(customer, order)).reason, "expired")
        assert.strictEqual((yield* Account.intentOf(order)).status, "canceled")
      }))

    it.effect("a paid order that is cancelled gets all of its money back", () =>
      Effect.gen(function*() {
        const story = yield* paid
        yield* Customer.cancel(story.customer, story.order)
        yield* wentBack(story, 2000)
        assert.strictEqual((yield* Customer.look(story.customer, story.order)).status, "Cancelled")
      }))

    it.effect("a paid order whose money was given back by hand is cancelled, and nothing is given twice", () =>
      Effect.gen(function*() {
        const stripe = yield* Account.Stripe
        const story = yield* paid
        const { id } = yield* Account.intentOf(story.order)
        yield* Effect.promise(() => stripe.refunds.create({ payment_intent: id }))
        yield* Customer.cancel(story.customer, story.order)
        yield* wentBack(story, 2000)
      }))

    it.effect("a shipped order gets parts of its money back, and never more than came", () =>
      Effect.gen(function*() {
        const story = yield* shipped
        assert.strictEqual((yield* giveBack(story.order, { amount: 300 })).status, 200)
        assert.strictEqual((yield* giveBack(story.order, { amount: 700 })).status, 200)
        yield* wentBack(story, 1000)
        assert.strictEqual((yield* giveBack(story.order, { amount: 1001 })).status, 409)
      }))

    it.effect("and no promise is broken that can be looked into from here", () =>
      Effect.gen(function*() {
        const { admin } = yield* System
        const here = laws.filter((law) => !moneyLaws.includes(law))
        yield* until(verify(admin, { intents: "[]", refunds: "[]" }, here), (broken) => broken.length === 0)
      }))
  })
} else {
  describe("Stripe itself", () => {
    plain.skip("was asked nothing: STRIPE_API_KEY is not set", () => {})
  })
}
