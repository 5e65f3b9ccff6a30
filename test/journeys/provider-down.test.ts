import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { post } from "../support/Edge.ts"
import { booksOf, struck as strikes, whileFaulty } from "../support/Provider.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

const reserved = (sku: string) =>
  Effect.gen(function*() {
    const customer = yield* newCustomer
    return { customer, order: yield* Customer.place(customer, sku, 1) }
  })
type Story = Effect.Effect.Success<ReturnType<typeof reserved>>

const press = ({ customer, order }: Story) =>
  post(customer, `/orders/${order.id}/pay`, { key: v7(), body: { paymentMethodId: "pm_card_visa" } })

/** An hour of outage at a hundredth of the pauses: nothing waits longer than this. */
const longest = 300
const settings = {
  STRIPE_DEADLINE: "2 seconds",
  PAYMENT_FIRST_PAUSE: "50 millis",
  PAYMENT_BREAKER_PAUSE: "100 millis",
  PAYMENT_LONGEST_PAUSE: `${longest} millis`
}

const unsettled = "payment.payments WHERE status IN ('Opened', 'Charging')"

layer(System.layer(settings), { excludeTestServices: true, timeout: 150_000 })("while the provider is away", (it) => {
  it.effect("payments wait, without a storm of calls, and all of them end when it is back (H69, H71, H48)", () =>
    Effect.gen(function*() {
      const sku = yield* newProduct(100)
      const stories = yield* Effect.replicateEffect(reserved(sku), 12, { concurrency: 6 })
      const cancelled = stories.slice(0, 3)
      const begun = yield* Clock.currentTimeMillis
      const { reset_before: before = 0 } = yield* strikes
      const { result: lasted, struck } = yield* whileFaulty(
        { fault: "reset_before", times: 1_000_000 },
        Effect.gen(function*() {
          const answers = yield* Effect.forEach(stories, press, { concurrency: 6 })
          assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [202])
          yield* Effect.forEach(cancelled, ({ customer, order }) => Customer.cancel(customer, order))
          yield* until(strikes, ({ reset_before = 0 }) => reset_before - before >= 24)
          assert.isAbove(yield* count(unsettled), 0)
          const seen = yield* Effect.forEach(stories, ({ customer, order }) => Customer.look(customer, order))
          assert.deepStrictEqual([...new Set(seen.map(({ status }) => status))], ["Cancelled", "PaymentPending"])
          return (yield* Clock.currentTimeMillis) - begun
        })
      )
      // Each asks at most so often, and the SDK once more each time: an hour makes no more of it than a minute did.
      const budget = 2 * (5 + lasted / longest)
      assert.isAtLeast(struck, 24)
      assert.isAtMost(struck, stories.length * budget)

      yield* Effect.forEach(
        stories,
        (story) => becomes(story.customer, story.order, cancelled.includes(story) ? "Cancelled" : "Shipped"),
        { concurrency: 6 }
      )
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
      for (const story of stories) {
        const { charges, intents, refunds } = yield* booksOf(story.order)
        const kept = cancelled.includes(story) ? 0 : 1
        assert.strictEqual(charges.length - refunds.length, kept)
        assert.isAtMost(intents.length, 1)
      }
      assert.strictEqual(yield* count(unsettled), 0)
    }))
})
