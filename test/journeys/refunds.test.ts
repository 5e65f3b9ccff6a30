import { assert, layer } from "@effect/vitest"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Effect, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import * as Addresses from "../support/Addresses.ts"
import { dispatch, giveBack, isReady } from "../support/Desk.ts"
import { get, post, problemOf } from "../support/Edge.ts"
import { booksOf, refundByHand, returnRefunds, settleRefunds, whileFaulty, whileWebhooks } from "../support/Provider.ts"
import {
  becomes,
  brokenAtRest,
  misbehave,
  newCustomer,
  newProduct,
  pay,
  until,
  webhooksDelivered
} from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

/** An order of 20.00 EUR that is paid by this card and can be sent. */
const readyBy = (card: string) =>
  Effect.gen(function*() {
    const customer = yield* newCustomer
    const order = yield* Customer.place(customer, yield* newProduct(5), 2)
    yield* pay(customer, order, card)
    yield* isReady(order)
    return { customer, order }
  })

const ready = readyBy("pm_card_visa")
type Story = Effect.Effect.Success<typeof ready>

const send = ({ customer, order }: Story) => Effect.zipRight(dispatch(order), becomes(customer, order, "Shipped"))

const shipped = Effect.tap(ready, send)

const amountsOf = ({ refunds }: OrderView) => (refunds ?? []).map(({ amount, status }) => `${amount.amount} ${status}`)

const shows = ({ customer, order }: Story, ...refunds: ReadonlyArray<string>) =>
  until(Customer.look(customer, order), (seen) => amountsOf(seen).join() === refunds.join())

const List = Schema.parseJson(
  Schema.Struct({
    items: Schema.Array(Schema.Struct({ refundTotals: Schema.optional(Schema.Unknown) }))
  })
)

const refunding = { method: "POST", path: "/v1/refunds" }
const euro = (amount: number) => ({ amount, currency: "EUR" })

const settings = {
  WAREHOUSE_DISPATCH_AFTER: "never",
  STRIPE_DEADLINE: "1 seconds",
  PAYMENT_FIRST_PAUSE: "100 millis",
  PAYMENT_LONGEST_PAUSE: "400 millis"
}

layer(System.layer(settings), { excludeTestServices: true, timeout: 150_000 })("money of a shipped order", (it) => {
  it.effect("goes back in parts, each once, and shows in the order, its history and the list", () =>
    Effect.gen(function*() {
      const story = yield* shipped
      const { customer, order } = story
      const key = v7()
      const first = yield* giveBack(order, { amount: 300, key })
      assert.strictEqual(first.status, 200)
      const again = yield* giveBack(order, { amount: 300, key })
      assert.deepStrictEqual([again.body, again.headers["idempotent-replayed"]], [first.body, "true"])
      assert.strictEqual((yield* giveBack(order, { amount: 1700 })).status, 200)
      const seen = yield* shows(story, "300 refunded", "1700 refunded")
      assert.deepInclude(seen, { status: "Shipped", refund: "refunded" })
      assert.deepStrictEqual((yield* booksOf(order)).refunds.toSorted(), [1700, 300].toSorted())

      const told = (yield* Customer.history(customer, order)).slice(-4)
      assert.deepStrictEqual(told.map(({ event, refund }) => [event, refund?.amount.amount, refund?.status]), [
        ["RefundRequested", 300, "requested"],
        ["RefundMade", 300, "refunded"],
        ["RefundRequested", 1700, "requested"],
        ["RefundMade", 1700, "refunded"]
      ])
      // Whoever gave it, and why, is the operators' business.
      assert.notMatch((yield* get(customer, `/orders/${order.id}/history`)).body, /olga|cup/)
      assert.strictEqual(
        yield* count("\"order\".order_refund_steps WHERE asked_by = 'olga' AND order_id = $1", order.id),
        2
      )
      const list = Effect.flatMap(get(customer, "/orders"), ({ body }) => Schema.decode(List)(body))
      const totals = { requested: euro(0), refunded: euro(2000), failed: euro(0) }
      yield* until(list, ({ items }) => JSON.stringify(items[0]?.refundTotals) === JSON.stringify(totals))
    }))

  it.effect("goes back to nobody but by an operator, of a shipped order, in its currency, with a key (H195)", () =>
    Effect.gen(function*() {
      const { prices } = yield* Addresses.System
      const paid = yield* ready
      const { customer, order } = yield* shipped
      const body = { amount: euro(300), reason: "a gift" }
      const path = `/orders/${order.id}/refunds`
      assert.strictEqual((yield* post({ ...customer, url: prices }, path, { key: v7(), body })).status, 403)
      assert.strictEqual((yield* post(customer, path, { key: v7(), body })).status, 404)
      const problems = yield* Effect.forEach([
        giveBack(paid.order, { amount: 300 }),
        giveBack({ id: v7() }, { amount: 300 }),
        giveBack(order, { amount: 300, currency: "USD" }),
        giveBack(order, { amount: 2001 }),
        giveBack(order, { amount: 0 }),
        giveBack(order, { amount: 3.5 }),
        giveBack(order, { amount: 300, key: "" }),
        giveBack(order, { amount: 300, reason: "" }),
        giveBack(order, { amount: 300, reason: "back to 4242 4242 4242 4242" })
      ], (given) => Effect.flatMap(given, problemOf))
      assert.deepStrictEqual(problems, [
        "409 order-not-shipped",
        "404 order-not-found",
        "422 refund-in-other-currency",
        "409 refund-too-large",
        "400 invalid-request",
        "400 invalid-request",
        "400 invalid-idempotency-key",
        "400 invalid-request",
        "400 card-number"
      ])
      assert.strictEqual(yield* count("\"order\".order_refund_steps WHERE order_id = $1", order.id), 0)
      assert.deepStrictEqual((yield* booksOf(order)).refunds, [])
      yield* dispatch(paid.order)
    }))

  it.effect("never is more than was charged, though operators give it all at once (H65)", () =>
    Effect.gen(function*() {
      const { order } = yield* shipped
      const gifts = Array.from(
        { length: 8 },
        (_, index) => giveBack(order, { amount: 700, as: `operator-${index % 2}` })
      )
      const answers = yield* Effect.all(gifts, { concurrency: "unbounded" })
      assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 409, 409, 409, 409, 409, 409])
      assert.deepStrictEqual((yield* booksOf(order)).refunds, [700, 700])
    }))

  it.effect("goes back once, though every answer to the call is lost, and stays one refund for each key (H65)", () =>
    Effect.gen(function*() {
      const story = yield* shipped
      const { struck } = yield* whileFaulty(
        { fault: "reset_after", times: 2, match: refunding },
        whileWebhooks(
          { mode: "drop" },
          Effect.gen(function*() {
            assert.strictEqual((yield* giveBack(story.order, { amount: 300, prefer: "wait=0" })).status, 202)
            yield* shows(story, "300 refunded")
          })
        )
      )
      assert.strictEqual(struck, 2)
      assert.deepStrictEqual((yield* booksOf(story.order)).refunds, [300])
    }))

  it.effect("is not given twice, where somebody gave it by hand and we have not heard of it (H65, H209)", () =>
    Effect.gen(function*() {
      const story = yield* shipped
      yield* webhooksDelivered
      yield* whileWebhooks(
        { mode: "hold" },
        Effect.gen(function*() {
          assert.strictEqual((yield* refundByHand(story.order, 1500)).status, 200)
          // The order knows nothing of it and lets the operator try; the provider does not.
          assert.strictEqual((yield* giveBack(story.order, { amount: 700 })).status, 200)
          yield* shows(story, "700 failed")
        })
      )
      yield* misbehave("webhooks/release", {})
      yield* shows(story, "700 failed", "1500 refunded")
      assert.deepStrictEqual((yield* booksOf(story.order)).refunds, [1500])
      assert.strictEqual(yield* problemOf(yield* giveBack(story.order, { amount: 501 })), "409 refund-too-large")
      assert.strictEqual((yield* giveBack(story.order, { amount: 500 })).status, 200)
    }))

  it.effect("is mirrored when it was given by hand, also in part (H209)", () =>
    Effect.gen(function*() {
      const story = yield* shipped
      assert.strictEqual((yield* refundByHand(story.order, 300)).status, 200)
      yield* shows(story, "300 refunded")
      assert.strictEqual((yield* refundByHand(story.order, 1700)).status, 200)
      const seen = yield* shows(story, "300 refunded", "1700 refunded")
      assert.deepStrictEqual(seen.refunds?.map(({ reason }) => reason), ["made_at_provider", "made_at_provider"])
      assert.strictEqual(
        yield* count("payment.refunds WHERE cause = 'made_at_provider' AND order_id = $1", story.order.id),
        2
      )
    }))

  it.effect("is shown as failed when the bank returns it days later, and can be given again (H66)", () =>
    Effect.gen(function*() {
      const story = yield* shipped
      yield* giveBack(story.order, { amount: 2000 })
      yield* shows(story, "2000 refunded")
      const returned = yield* returnRefunds(story.order)
      assert.deepStrictEqual(returned.map(({ status }) => status), [200])
      const seen = yield* shows(story, "2000 failed")
      assert.strictEqual(seen.refund, "failed")
      yield* giveBack(story.order, { amount: 2000 })
      yield* shows(story, "2000 failed", "2000 refunded")
      assert.deepStrictEqual((yield* booksOf(story.order)).refunds, [2000])
    }))

  it.effect("is under way for as long as the provider is at it, counts from the start, and may fail in the end (H66)", () =>
    Effect.gen(function*() {
      const slow = yield* Effect.tap(readyBy("pm_card_pendingRefund"), send)
      assert.strictEqual((yield* giveBack(slow.order, { amount: 1500, prefer: "wait=0" })).status, 202)
      const pending = "payment.refunds WHERE status = 'Pending' AND order_id = $1"
      yield* until(count(pending, slow.order.id), (found) => found === 1)
      yield* shows(slow, "1500 requested")
      assert.strictEqual(yield* problemOf(yield* giveBack(slow.order, { amount: 501 })), "409 refund-too-large")
      assert.deepStrictEqual((yield* settleRefunds(slow.order)).map(({ status }) => status), [200])
      yield* shows(slow, "1500 refunded")

      const lost = yield* Effect.tap(readyBy("pm_card_refundFail"), send)
      yield* giveBack(lost.order, { amount: 1500 })
      assert.deepStrictEqual((yield* settleRefunds(lost.order)).map(({ status }) => status), [200])
      const seen = yield* shows(lost, "1500 failed")
      assert.deepInclude(seen, { status: "Shipped", refund: "failed" })
    }))

  it.effect("of one that is cancelled is not given again where somebody gave it by hand before (H67)", () =>
    Effect.gen(function*() {
      const story = yield* ready
      yield* webhooksDelivered
      yield* whileWebhooks(
        { mode: "hold" },
        Effect.gen(function*() {
          assert.strictEqual((yield* refundByHand(story.order, 2000)).status, 200)
          yield* Customer.cancel(story.customer, story.order)
          // The provider says that all of it went back already.
          yield* shows(story, "2000 covered")
        })
      )
      yield* misbehave("webhooks/release", {})
      const seen = yield* shows(story, "2000 covered", "2000 refunded")
      assert.deepInclude(seen, { status: "Cancelled", refund: "refunded" })
      assert.deepStrictEqual((yield* booksOf(story.order)).refunds, [2000])
    }))

  it.effect("of one that is cancelled is given back but for the part that somebody gave by hand (H209)", () =>
    Effect.gen(function*() {
      const story = yield* ready
      yield* refundByHand(story.order, 500)
      yield* shows(story, "500 refunded")
      yield* Customer.cancel(story.customer, story.order)
      yield* shows(story, "500 refunded", "1500 refunded")
      assert.deepStrictEqual((yield* booksOf(story.order)).refunds.toSorted(), [1500, 500].toSorted())
    }))

  it.effect("adds up in the end", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
