import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { isReady } from "../support/Desk.ts"
import { post } from "../support/Edge.ts"
import type { Fault } from "../support/Provider.ts"
import { authenticate, booksOf, charging, struck as strikes, whileFaulty } from "../support/Provider.ts"
import { brokenAtRest, levelOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

/** An order of two out of five, 20.00 EUR, and its customer. */
const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* Customer.place(customer, sku, 2) }
})
type Story = Effect.Effect.Success<typeof reserved>

const press = ({ customer, order }: Story, card: string) =>
  post(customer, `/orders/${order.id}/pay`, { key: v7(), body: { paymentMethodId: card } })

const cancel = ({ customer, order }: Story, prefer = "wait=0") =>
  post(customer, `/orders/${order.id}/cancel`, { prefer })

/** The customer waits for the bank, and the payment has been told so. */
const banked = Effect.tap(reserved, ({ customer, order }) => pay(customer, order, "pm_card_authenticationRequired"))

/** Holds the next such call for a moment, and does something once it is under way. */
const during = <A, E, R>(match: Fault["match"], begin: Effect.Effect<unknown, E, R>, then: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { hang: before = 0 } = yield* strikes
    const fault = { fault: "hang", delayMs: 700, match: match ?? {} }
    const { result, struck } = yield* whileFaulty(
      fault,
      begin.pipe(
        Effect.zipRight(until(strikes, ({ hang = 0 }) => hang > before)),
        Effect.zipRight(then)
      )
    )
    assert.strictEqual(struck, 1, "the call was under way")
    return result
  })

/** Nobody keeps anything: no money, no open intent, no goods; and it is told once. */
const undone = Effect.fn("undone")(function*({ customer, order, sku }: Story, charged: ReadonlyArray<number>) {
  const done = charged.length === 0 ? "none" : "refunded"
  yield* until(Customer.look(customer, order), ({ refund, status }) => status === "Cancelled" && refund === done)
  yield* until(
    booksOf(order),
    ({ intents }) => intents.length === 1 && intents.every(({ status }) => ["canceled", "succeeded"].includes(status))
  )
  const { charges, refunds } = yield* booksOf(order)
  assert.deepStrictEqual({ charges, refunds }, { charges: [...charged], refunds: [...charged] })
  yield* until(levelOf(sku), ({ available, onHand }) => available === 5 && onHand === 5)
  assert.strictEqual(
    yield* count("\"order\".outbox WHERE type = 'order.cancelled.v1' AND subject = $1", order.id),
    1
  )
})

const settings = {
  WAREHOUSE_DISPATCH_AFTER: "never",
  PAYMENT_FIRST_PAUSE: "100 millis",
  PAYMENT_LONGEST_PAUSE: "300 millis"
}

layer(System.layer(settings), { excludeTestServices: true, timeout: 150_000 })(
  "an order is cancelled while the provider is asked",
  (it) => {
    it.effect("to charge a card whose bank wants a step: the intent that came of it is cancelled too (H28, H59)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        const told = yield* during(charging, press(story, "pm_card_authenticationRequired"), cancel(story))
        assert.strictEqual(told.status, 200)
        yield* undone(story, [])
      }))

    it.effect("to charge a card that is declined: both ends agree, and nothing is kept (H25, H28)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        yield* during(charging, press(story, "pm_card_chargeDeclined"), cancel(story))
        yield* undone(story, [])
      }))

    it.effect("how the payment stands: cancelled at once, and the look changes nothing of that (H28)", () =>
      Effect.gen(function*() {
        const story = yield* banked
        const looking = { method: "GET", path: "/v1/payment_intents/*" }
        const told = yield* during(looking, Effect.void, cancel(story))
        assert.strictEqual(told.status, 200)
        yield* undone(story, [])
      }))

    it.effect("to cancel the payment, and the bank says yes meanwhile: the money goes back (H26, H28, H64)", () =>
      Effect.gen(function*() {
        const story = yield* banked
        const cancelling = { method: "POST", path: "/v1/payment_intents/*/cancel" }
        const said = yield* during(cancelling, cancel(story), authenticate(story.order, "succeeded"))
        assert.strictEqual(said.status, 200, said.body)
        yield* undone(story, [2000])
      }))

    it.effect("to give the money back: cancelled before, so that asking again is no more than an answer (H29, H31)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        yield* pay(story.customer, story.order)
        yield* isReady(story.order)
        const refunding = { method: "POST", path: "/v1/refunds" }
        const again = yield* during(
          refunding,
          cancel(story, "wait=10"),
          Effect.replicateEffect(cancel(story), 3, { concurrency: "unbounded" })
        )
        assert.deepStrictEqual(again.map(({ status }) => status), [200, 200, 200])
        yield* undone(story, [2000])
      }))

    it.effect("leaves nothing undone", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
      }))
  }
)
