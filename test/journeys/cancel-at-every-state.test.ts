import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { dispatch, isReady } from "../support/Desk.ts"
import { order as placeNow, post, problemOf } from "../support/Edge.ts"
import { booksOf, charging, struck as strikes, whileFaulty } from "../support/Provider.ts"
import { becomes, brokenAtRest, levelOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count, whileLocked } from "../support/Tables.ts"

interface Story {
  readonly customer: Customer.Customer
  readonly sku: string
  readonly order: { readonly id: string }
}

/** An order of two out of five, and its customer. */
const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* Customer.place(customer, sku, 2) }
})

const cancel = ({ customer, order }: Story, prefer = "wait=0") =>
  post(customer, `/orders/${order.id}/cancel`, { prefer })

const press = ({ customer, order }: Story, prefer = "wait=0") =>
  post(customer, `/orders/${order.id}/pay`, { key: v7(), prefer, body: { paymentMethodId: "pm_card_visa" } })

const cancellationsOf = ({ order }: Story) =>
  count("\"order\".outbox WHERE type = 'order.cancelled.v1' AND subject = $1", order.id)

/** The goods are back, once, and of the money that came, if any, nothing was kept. */
const undone = (story: Story) =>
  Effect.gen(function*() {
    yield* becomes(story.customer, story.order, "Cancelled")
    yield* until(levelOf(story.sku), ({ available, reserved }) => available === 5 && reserved === 0)
    assert.strictEqual((yield* levelOf(story.sku)).onHand, 5)
    const { charges, refunds } = yield* until(
      booksOf(story.order),
      ({ charges, refunds }) => charges.length === refunds.length
    )
    assert.deepStrictEqual(refunds, charges)
    assert.strictEqual(yield* cancellationsOf(story), 1)
    return charges
  })

layer(System.layer({ WAREHOUSE_DISPATCH_AFTER: "never" }), { excludeTestServices: true, timeout: 150_000 })(
  "cancelling",
  (it) => {
    it.effect("a draft, while stock has not answered: what is held later goes back (H33, H19, H31)", () =>
      Effect.gen(function*() {
        const customer = yield* newCustomer
        const sku = yield* newProduct(5)
        const story = yield* whileLocked(
          "inventory.reservations",
          Effect.gen(function*() {
            const order = yield* placeNow(customer, [{ sku, quantity: 2 }])
            assert.strictEqual(order.status, "Draft")
            const story = { customer, sku, order }
            const early = yield* press(story)
            assert.strictEqual(yield* problemOf(early), "409 not-reserved")
            assert.isString(early.headers["retry-after"])
            assert.strictEqual((yield* cancel(story)).status, 200)
            return story
          })
        )
        yield* until(count("inventory.reservations WHERE order_id = $1", story.order.id), (rows) => rows === 1)
        assert.deepStrictEqual(yield* undone(story), [])
        assert.strictEqual(yield* problemOf(yield* press(story)), "409 order-cancelled")
      }))

    it.effect("a reserved order, by ten impatient presses: cancelled once, and paid never (H31)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        const answers = yield* Effect.replicateEffect(cancel(story), 10, { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
        assert.strictEqual(new Set(answers.map(({ body }) => body)).size, 1)
        assert.deepStrictEqual(yield* undone(story), [])
        assert.strictEqual((yield* cancel(story)).body, answers[0]?.body)
        assert.strictEqual(yield* problemOf(yield* press(story)), "409 order-cancelled")
        assert.deepStrictEqual((yield* booksOf(story.order)).intents, [])
      }))

    it.effect("a payment whose provider hangs: cancelled at once, and the charge that came goes back (H28, H26)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        const before = (yield* strikes)["hang"] ?? 0
        const { struck } = yield* whileFaulty(
          { fault: "hang", delayMs: 1000, match: charging },
          Effect.gen(function*() {
            assert.strictEqual((yield* press(story)).status, 202)
            // Cancelled any earlier, the provider would not have been asked at all.
            yield* until(strikes, ({ hang = 0 }) => hang > before)
            const told = yield* cancel(story)
            assert.strictEqual(told.status, 200)
            assert.strictEqual((yield* Customer.look(story.customer, story.order)).status, "Cancelled")
            yield* until(booksOf(story.order), ({ charges }) => charges.length === 1)
          })
        )
        assert.strictEqual(struck, 1)
        assert.deepStrictEqual(yield* undone(story), [2000])
      }))

    it.effect("a payment that waits for the bank: the intent is cancelled too, no money ever comes (H28, H59)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        yield* pay(story.customer, story.order, "pm_card_authenticationRequired")
        assert.strictEqual((yield* cancel(story)).status, 200)
        const { intents } = yield* until(
          booksOf(story.order),
          ({ intents }) => intents.every(({ status }) => status === "canceled")
        )
        assert.strictEqual(intents.length, 1)
        assert.deepStrictEqual(yield* undone(story), [])
      }))

    it.effect("a paid order before it ships: stopped, refunded in full, its goods back on the shelf once (H29, H31)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        yield* press(story, "wait=15")
        yield* isReady(story.order)
        assert.strictEqual((yield* levelOf(story.sku)).onHand, 3)
        const answers = yield* Effect.replicateEffect(cancel(story, "wait=15"), 5, { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
        assert.deepStrictEqual(yield* undone(story), [2000])
        yield* until(Customer.look(story.customer, story.order), ({ refund }) => refund === "refunded")
        assert.strictEqual((yield* dispatch(story.order)).status, 409)
      }))

    it.effect("a shipped order is refused, and changes nothing (H32)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        yield* press(story, "wait=15")
        yield* isReady(story.order)
        assert.strictEqual((yield* dispatch(story.order)).status, 200)
        const shipped = yield* becomes(story.customer, story.order, "Shipped")
        assert.strictEqual(yield* problemOf(yield* cancel(story, "wait=15")), "409 order-shipped")
        assert.deepStrictEqual(yield* becomes(story.customer, story.order, "Shipped"), shipped)
        assert.deepInclude(yield* booksOf(story.order), { charges: [2000], refunds: [] })
      }))

    it.effect("a failed order is refused, and changes nothing (H32)", () =>
      Effect.gen(function*() {
        const story = yield* reserved
        yield* pay(story.customer, story.order, "pm_card_chargeDeclined")
        const failed = yield* Customer.look(story.customer, story.order)
        assert.strictEqual(failed.status, "Failed")
        assert.strictEqual(yield* problemOf(yield* cancel(story)), "409 order-failed")
        assert.deepStrictEqual(yield* Customer.look(story.customer, story.order), failed)
      }))

    it.effect("races paying: either nothing was paid or all of it goes back, or it is paid and too late (H25)", () =>
      Effect.gen(function*() {
        const stories = yield* Effect.replicateEffect(reserved, 10, { concurrency: 5 })
        yield* Effect.forEach(stories, (story, index) => {
          const pressed = press(story, index % 3 === 0 ? "wait=10" : "wait=0")
          const called = cancel(story)
          const both = index % 2 === 0 ? [pressed, called] : [called, pressed]
          return Effect.all(both, { concurrency: "unbounded", discard: true })
        }, { concurrency: "unbounded", discard: true })
        // Dispatch is by hand here, so that each of them is cancelled in the end, whoever won.
        yield* Effect.forEach(stories, undone, { concurrency: 4, discard: true })
      }))

    it.effect("races the van: the warehouse decides, and nobody gets both the parcel and the money (H30)", () =>
      Effect.gen(function*() {
        const stories = yield* Effect.replicateEffect(reserved, 6, { concurrency: 6 })
        const ends = yield* Effect.forEach(stories, (story, index) =>
          Effect.gen(function*() {
            yield* press(story, "wait=15")
            yield* isReady(story.order)
            const both = index % 2 === 0
              ? [dispatch(story.order), cancel(story)]
              : [cancel(story), dispatch(story.order)]
            yield* Effect.all(both, { concurrency: "unbounded" })
            const end = yield* until(
              Customer.look(story.customer, story.order),
              ({ refund, status }) => status === "Shipped" || (status === "Cancelled" && refund === "refunded")
            )
            const { charges, refunds } = yield* booksOf(story.order)
            assert.deepStrictEqual(charges, [2000])
            assert.deepStrictEqual(refunds, end.status === "Shipped" ? [] : [2000])
            yield* until(levelOf(story.sku), ({ onHand }) => onHand === (end.status === "Shipped" ? 3 : 5))
            return end.status
          }), { concurrency: "unbounded" })
        assert.strictEqual(ends.length, 6)
      }))

    it.effect("leaves nothing undone", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
      }))
  }
)
