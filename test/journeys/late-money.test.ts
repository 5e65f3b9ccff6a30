import { assert, layer } from "@effect/vitest"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { post } from "../support/Edge.ts"
import { booksOf, charging, confirmByHand, whileFaulty, whileWebhooks } from "../support/Provider.ts"
import { becomes, brokenAtRest, levelOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* Customer.place(customer, sku, 2) }
})

const press = (customer: Customer.Customer, { id }: OrderView) =>
  post(customer, `/orders/${id}/pay`, { key: v7(), body: { paymentMethodId: "pm_card_visa" } })

const events = Effect.fn("events")(function*(customer: Customer.Customer, order: OrderView) {
  return (yield* Customer.history(customer, order)).map(({ event, to }) => `${event} ${to}`)
})

/** One charge, and all of it back, once; the order ended as it had, and both facts are in its history. */
const wentBack = Effect.fn("wentBack")(
  function*({ customer, order, sku }: Effect.Effect.Success<typeof reserved>, status: string) {
    yield* until(Customer.look(customer, order), ({ refund }) => refund === "refunded")
    assert.strictEqual((yield* Customer.look(customer, order)).status, status)
    const { charges, intents, refunds } = yield* booksOf(order)
    assert.deepStrictEqual({ charges, refunds, intents: intents.length }, {
      charges: [2000],
      refunds: [2000],
      intents: 1
    })
    assert.strictEqual(yield* count("payment.refunds WHERE order_id = $1", order.id), 1)
    assert.deepStrictEqual((yield* events(customer, order)).slice(-2), [
      `RefundRequested ${status}`,
      `RefundMade ${status}`
    ])
    yield* until(levelOf(sku), ({ available, onHand }) => available === 5 && onHand === 5)
  }
)

const patience = { STRIPE_DEADLINE: "1 seconds", PAYMENT_FIRST_PAUSE: "300 millis", PAYMENT_LONGEST_PAUSE: "1 seconds" }

layer(System.layer(patience), { excludeTestServices: true, timeout: 150_000 })("money that comes too late", (it) => {
  it.effect("after a cancellation, from a call that outlived its deadline, goes back in full, once (H26, H28, H48)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck } = yield* whileFaulty(
        { fault: "hang", delayMs: 1800, match: charging },
        Effect.gen(function*() {
          yield* press(story.customer, story.order)
          // The deadline passes first: the outcome is unknown, and never a failure.
          yield* until(
            count("payment.payment_transitions WHERE event = 'OutcomeUnknown' AND order_id = $1", story.order.id),
            (found) => found > 0
          )
          assert.strictEqual((yield* Customer.look(story.customer, story.order)).status, "PaymentPending")
          yield* Customer.cancel(story.customer, story.order)
          yield* wentBack(story, "Cancelled")
        })
      )
      assert.strictEqual(struck, 1)
    }))

  it.effect("after a cancellation, heard of by an event alone, goes back in full, once (H26, H78)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck } = yield* whileFaulty(
        { fault: "reset_after", times: 1000, match: charging },
        whileWebhooks(
          { mode: "hold" },
          Effect.gen(function*() {
            yield* press(story.customer, story.order)
            yield* until(booksOf(story.order), ({ charges }) => charges.length === 1)
            yield* Customer.cancel(story.customer, story.order)
          })
        ).pipe(Effect.zipRight(wentBack(story, "Cancelled")))
      )
      assert.isAbove(struck, 0)
    }))

  it.effect("after a decline, because somebody confirmed the intent at the provider, goes back in full, once (H27, H64)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck } = yield* whileFaulty(
        { fault: "error_before", times: 1000, match: { method: "POST", path: "/v1/payment_intents/*/cancel" } },
        Effect.gen(function*() {
          yield* pay(story.customer, story.order, "pm_card_chargeDeclined")
          yield* becomes(story.customer, story.order, "Failed")
          const [intent] = (yield* booksOf(story.order)).intents
          // It was to be cancelled, and cannot be.
          assert.strictEqual(intent?.status, "requires_payment_method")
          const confirmed = yield* confirmByHand(intent?.id ?? "", "pm_card_visa")
          assert.strictEqual(confirmed.status, 200, confirmed.body)
          yield* wentBack(story, "Failed")
        })
      )
      assert.isAbove(struck, 0)
    }))

  it.effect("leaves nothing undone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
