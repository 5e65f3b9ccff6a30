import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { post } from "../support/Edge.ts"
import { authenticate, booksOf, charging, struck, webhooks, whileFaulty, whileWebhooks } from "../support/Provider.ts"
import { becomes, brokenAtRest, misbehave, newCustomer, newProduct, until, webhooksDelivered } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, order: yield* Customer.place(customer, sku, 2) }
})
type Story = Effect.Effect.Success<typeof reserved>

const press = ({ customer, order }: Story, card = "pm_card_visa") =>
  post(customer, `/orders/${order.id}/pay`, { key: v7(), body: { paymentMethodId: card } })

const ships = (story: Story) =>
  Effect.gen(function*() {
    yield* becomes(story.customer, story.order, "Shipped")
    const { charges, intents, refunds } = yield* booksOf(story.order)
    assert.deepStrictEqual({ charges, refunds, intents: intents.length }, { charges: [2000], refunds: [], intents: 1 })
    assert.strictEqual(yield* saidOf(story, "payment", "payment.succeeded.v1"), 1)
    assert.strictEqual(yield* saidOf(story, "\"order\"", "order.paid.v1"), 1)
  })

const saidOf = ({ order }: Story, schema: string, type: string) =>
  count(`${schema}.outbox WHERE type = $1 AND subject = $2`, type, order.id)

const patience = {
  STRIPE_DEADLINE: "1 seconds",
  PAYMENT_FIRST_PAUSE: "100 millis",
  PAYMENT_LONGEST_PAUSE: "400 millis"
}

layer(System.layer(patience), { excludeTestServices: true, timeout: 150_000 })("a payment is decided", (it) => {
  it.effect("by the event alone, when every answer to the call is lost on its way (H47, H48, H78)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck } = yield* whileFaulty(
        { fault: "reset_after", times: 1000, match: charging },
        Effect.zipRight(press(story), ships(story))
      )
      assert.isAbove(struck, 0)
    }))

  it.effect("by the event alone, when the call outlives its deadline and is not heard of again (H58, H51)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck } = yield* whileFaulty(
        { fault: "hang", delayMs: 1500, match: charging },
        Effect.zipRight(press(story), ships(story))
      )
      assert.strictEqual(struck, 1)
    }))

  it.effect("by the event alone, when the card is declined and no answer arrives: failed, and nothing kept (H47, H54)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      yield* whileFaulty(
        { fault: "reset_after", times: 1000, match: charging },
        Effect.zipRight(
          press(story, "pm_card_chargeDeclined"),
          becomes(story.customer, story.order, "Failed")
        )
      )
      assert.deepStrictEqual((yield* booksOf(story.order)).charges, [])
      assert.strictEqual(yield* saidOf(story, "payment", "payment.failed.v1"), 1)
    }))

  it.effect("by events alone, when no answer to any call that changes something arrives: paid, declined, and given back (H47, H48, H65)", () =>
    Effect.gen(function*() {
      const [paid, declined, refunded] = yield* Effect.all([reserved, reserved, reserved])
      // Reads are answered: an event about an intent that we have no record of counts once the provider confirms it.
      const { struck: lost } = yield* whileFaulty(
        { fault: "reset_after", times: 1_000_000, match: { method: "POST" } },
        Effect.gen(function*() {
          yield* Effect.all([press(paid), press(declined, "pm_card_chargeDeclined"), press(refunded)])
          yield* Customer.cancel(refunded.customer, refunded.order)
          yield* ships(paid)
          yield* becomes(declined.customer, declined.order, "Failed")
          yield* until(booksOf(declined.order), ({ intents }) => intents.every(({ status }) => status === "canceled"))
          yield* until(booksOf(refunded.order), ({ charges, refunds }) => charges.length === refunds.length)
          assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
        })
      )
      assert.isAbove(lost, 3)
    }))

  it.effect("only once the provider confirms it, where no record of ours does; meanwhile nothing moves (H48)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck: lost } = yield* whileFaulty(
        { fault: "reset_after", times: 1_000_000 },
        Effect.gen(function*() {
          const { pending: before } = yield* webhooks
          yield* press(story)
          yield* until(booksOf(story.order), ({ charges }) => charges.length === 1)
          yield* until(webhooks, ({ pending }) => pending > before)
          assert.strictEqual((yield* Customer.look(story.customer, story.order)).status, "PaymentPending")
        })
      )
      assert.isAbove(lost, 0)
      yield* ships(story)
    }))

  it.effect("by the answer alone, when no event ever comes; so is a refund, and the bank's step (H83, H39)", () =>
    Effect.gen(function*() {
      yield* webhooksDelivered
      const before = yield* webhooks
      const [paid, banked, cancelled] = yield* Effect.all([reserved, reserved, reserved])
      yield* whileWebhooks(
        { mode: "drop" },
        Effect.gen(function*() {
          yield* press(paid)
          yield* ships(paid)

          yield* press(banked, "pm_card_authenticationRequired")
          yield* until(booksOf(banked.order), ({ intents }) => intents.length === 1)
          yield* authenticate(banked.order, "succeeded")
          yield* ships(banked)

          yield* whileFaulty(
            { fault: "hang", delayMs: 300, match: charging },
            Effect.gen(function*() {
              const { hang: before = 0 } = yield* struck
              yield* press(cancelled)
              // Cancelled any earlier, the provider would not have been asked at all.
              yield* until(struck, ({ hang = 0 }) => hang > before)
              yield* Customer.cancel(cancelled.customer, cancelled.order)
              yield* until(booksOf(cancelled.order), ({ refunds }) => refunds.length === 1)
            })
          )
          assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
        })
      )
      const after = yield* webhooks
      assert.isAbove(after.lost, before.lost)
      assert.strictEqual(after.delivered, before.delivered)
    }))

  it.effect("by looking it up, when the provider answers with an error for ever though it took the money (H50, H83)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck } = yield* whileFaulty(
        { fault: "error_after", match: charging },
        whileWebhooks({ mode: "drop" }, Effect.zipRight(press(story), ships(story)))
      )
      assert.strictEqual(struck, 1)
    }))

  it.effect("once, whatever the provider answered before it did as it was asked (H50, H51, H52, H56)", () =>
    Effect.gen(function*() {
      const kinds = ["error_before", "reset_before", "rate_limit", "lock_timeout", "in_use", "non_json"]
      const stories = yield* Effect.replicateEffect(reserved, kinds.length)
      const before = yield* struck
      const tries = kinds.map((fault) => ({ fault, times: 3, match: charging }))
      yield* Effect.forEach(tries, (fault) => misbehave("faults", fault))
      yield* Effect.forEach(stories, (story) => Effect.zipRight(press(story), ships(story)), {
        concurrency: "unbounded"
      })
      const after = yield* struck
      assert.deepStrictEqual(kinds.map((kind) => (after[kind] ?? 0) - (before[kind] ?? 0)), kinds.map(() => 3))
    }))

  it.effect("once, when every event comes twice (H75, H76)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { delivered } = yield* webhooks
      yield* whileWebhooks(
        { mode: "duplicate" },
        Effect.gen(function*() {
          yield* press(story)
          yield* ships(story)
          yield* until(webhooks, (now) => now.delivered > delivered && now.pending === 0)
        })
      )
      yield* ships(story)
    }))

  it.effect("once and for good, when events come late and the last one first (H77, H24)", () =>
    Effect.gen(function*() {
      const [paid, declined, refunded] = yield* Effect.all([reserved, reserved, reserved])
      yield* whileWebhooks(
        { mode: "reorder", delayMs: 500 },
        Effect.gen(function*() {
          yield* Effect.all([press(paid), press(declined, "pm_card_chargeDeclined"), press(refunded)])
          yield* Customer.cancel(refunded.customer, refunded.order)
          yield* Effect.all([
            becomes(paid.customer, paid.order, "Shipped"),
            becomes(declined.customer, declined.order, "Failed"),
            becomes(refunded.customer, refunded.order, "Cancelled")
          ])
          yield* until(webhooks, ({ pending }) => pending === 0)
        })
      )
      yield* ships(paid)
      yield* becomes(declined.customer, declined.order, "Failed")
      yield* becomes(refunded.customer, refunded.order, "Cancelled")
    }))

  it.effect("leaves nothing undone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
