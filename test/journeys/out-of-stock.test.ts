import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { look } from "quartet/demo/Customer"
import type { Line } from "../support/Edge.ts"
import { order as place, post, problemOf } from "../support/Edge.ts"
import { booksOf, charging, struck, whileFaulty } from "../support/Provider.ts"
import { becomes, brokenAtRest, levelOf, newCustomer, newProduct, until } from "../support/Shop.ts"
import { failureOfAnotherAttempt } from "../support/Stray.ts"
import * as System from "../support/System.ts"
import { count, whileLocked } from "../support/Tables.ts"

const placed = (lines: ReadonlyArray<Line>) =>
  Effect.gen(function*() {
    const customer = yield* newCustomer
    return { customer, order: yield* place(customer, lines, "wait=15") }
  })

const untouched = (sku: string, stock: number) =>
  Effect.map(levelOf(sku), (level) => assert.deepInclude(level, { onHand: stock, reserved: 0, available: stock }))

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("what is not there", (it) => {
  it.effect("cannot be had in part: one short line of several, and nothing is held at all (H87)", () =>
    Effect.gen(function*() {
      const [plenty, short, more] = yield* Effect.all([newProduct(10), newProduct(1), newProduct(10)])
      const { customer, order } = yield* placed([
        { sku: plenty, quantity: 2 },
        { sku: short, quantity: 2 },
        { sku: more, quantity: 2 }
      ])
      assert.deepInclude(order, { status: "Failed", reason: "out_of_stock" })
      yield* Effect.all([untouched(plenty, 10), untouched(short, 1), untouched(more, 10)])
      const answer = yield* post(customer, `/orders/${order.id}/pay`, {
        key: order.id,
        body: { paymentMethodId: "pm_card_visa" }
      })
      assert.strictEqual(yield* problemOf(answer), "409 order-failed")
      assert.deepStrictEqual((yield* booksOf(order)).intents, [])
    }))

  it.effect("is given out to the unit when many want the last ones, and to nobody twice (H86, H97)", () =>
    Effect.gen(function*() {
      const sku = yield* newProduct(10)
      const stories = yield* Effect.replicateEffect(placed([{ sku, quantity: 3 }]), 12, { concurrency: "unbounded" })
      const held = stories.filter(({ order }) => order.status === "Reserved")
      assert.strictEqual(held.length, 3)
      assert.deepStrictEqual(
        [...new Set(stories.filter((story) => !held.includes(story)).map(({ order }) => order.reason))],
        ["out_of_stock"]
      )
      assert.deepInclude(yield* levelOf(sku), { onHand: 10, reserved: 9, available: 1 })
      // What one gives back another may have.
      yield* Effect.forEach(held, ({ customer, order }) => post(customer, `/orders/${order.id}/cancel`))
      yield* until(levelOf(sku), ({ available }) => available === 10)
      assert.strictEqual((yield* placed([{ sku, quantity: 10 }])).order.status, "Reserved")
    }))

  it.effect("and was never received fails the order, and bothers nobody else (H96)", () =>
    Effect.gen(function*() {
      const sku = yield* newProduct(0)
      const { order } = yield* placed([{ sku, quantity: 1 }])
      assert.deepInclude(order, { status: "Failed", reason: "unknown_product" })
      assert.strictEqual(yield* count("inventory.parked_messages"), 0)
    }))

  it.effect("and that nobody sells is refused at the edge, with every name, and no order is made (H96)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(10)
      const before = yield* count("\"order\".orders")
      const answer = yield* post(customer, "/orders", {
        body: { lines: [{ sku, quantity: 1 }, { sku: "no-such-thing", quantity: 1 }, { sku: "nor-this", quantity: 1 }] }
      })
      assert.strictEqual(yield* problemOf(answer), "422 unknown-product")
      assert.include(answer.body, "no-such-thing, nor-this")
      assert.strictEqual(yield* count("\"order\".orders"), before)
      yield* untouched(sku, 10)
    }))

  it.effect("on crossing orders of the same two products never locks them up (H88)", () =>
    Effect.gen(function*() {
      const [one, two] = yield* Effect.all([newProduct(20), newProduct(20)])
      const ends = yield* Effect.forEach(Array.from({ length: 16 }, (_, index) => index), (index) => {
        const lines = [{ sku: one, quantity: 2 }, { sku: two, quantity: 2 }]
        return Effect.flatMap(
          placed(index % 2 === 0 ? lines : lines.toReversed()),
          ({ customer, order }) => Effect.map(look(customer, order), ({ status }) => status)
        )
      }, { concurrency: "unbounded" })
      assert.deepStrictEqual(ends.toSorted(), [
        ...Array.from({ length: 6 }, () => "Failed"),
        ...Array.from({ length: 10 }, () => "Reserved")
      ])
      assert.deepInclude(yield* levelOf(one), { reserved: 20, available: 0 })
      assert.deepInclude(yield* levelOf(two), { reserved: 20, available: 0 })
    }))

  it.effect("is no news any more to an order that was called off meanwhile (H35)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(1)
      const said = "inventory.outbox WHERE type = 'inventory.rejected.v1' AND subject = $1"
      // Stock says no, and cannot be heard: its relay does not get at its lease.
      const order = yield* whileLocked(
        "inventory.relay_lease",
        Effect.gen(function*() {
          const order = yield* place(customer, [{ sku, quantity: 2 }])
          yield* until(count(said, order.id), (found) => found === 1)
          assert.strictEqual((yield* post(customer, `/orders/${order.id}/cancel`)).status, 200)
          return order
        })
      )
      // The order heard of it afterwards.
      const heard = `"order".processed_messages AS p JOIN inventory.outbox AS o USING (message_id)
        WHERE o.type = 'inventory.rejected.v1' AND o.subject = $1 AND p.outcome = 'ignored'`
      yield* until(count(heard, order.id), (found) => found === 1)
      assert.deepInclude(yield* look(customer, order), { status: "Cancelled", reason: "customer" })
      const ends = "\"order\".order_transitions WHERE to_status IN ('Cancelled', 'Failed') AND order_id = $1"
      assert.strictEqual(yield* count(ends, order.id), 1)
      yield* untouched(sku, 1)
    }))

  /** An order of all there is, whose hold is lost while its card is charged; `meanwhile` is what others do then. */
  const losingItsHold = <A, E, R>(meanwhile: (sku: string) => Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const sku = yield* newProduct(2)
      const { customer, order } = yield* placed([{ sku, quantity: 2 }])
      const { hang: before = 0 } = yield* struck
      yield* whileFaulty(
        { fault: "hang", delayMs: 1500, match: charging },
        Effect.gen(function*() {
          const body = { paymentMethodId: "pm_card_visa" }
          assert.strictEqual((yield* post(customer, `/orders/${order.id}/pay`, { key: order.id, body })).status, 202)
          yield* until(struck, ({ hang = 0 }) => hang > before)
          yield* failureOfAnotherAttempt(order)
          yield* until(levelOf(sku), ({ available }) => available === 2)
          assert.strictEqual((yield* look(customer, order)).status, "PaymentPending")
          yield* meanwhile(sku)
          yield* until(booksOf(order), ({ charges }) => charges.length === 1)
        })
      )
      return { customer, order, sku }
    })

  it.effect("when the money comes, and was held before, is taken again if it is still there (H91, H23)", () =>
    Effect.gen(function*() {
      const { customer, order, sku } = yield* losingItsHold(() => Effect.void)
      yield* becomes(customer, order, "Shipped")
      assert.deepInclude(yield* booksOf(order), { charges: [2000], refunds: [] })
      assert.deepInclude(yield* levelOf(sku), { onHand: 0, reserved: 0 })
    }))

  it.effect("when the money comes, because another has it now, fails the order, and the money goes back (H91, H38)", () =>
    Effect.gen(function*() {
      const { customer, order, sku } = yield* losingItsHold((sku) => placed([{ sku, quantity: 1 }]))
      const seen = yield* until(look(customer, order), ({ refund }) => refund === "refunded")
      assert.deepInclude(seen, { status: "Failed", reason: "stock_lost" })
      assert.deepInclude(yield* booksOf(order), { charges: [2000], refunds: [2000] })
      assert.deepInclude(yield* levelOf(sku), { onHand: 2, reserved: 1, available: 1 })
    }))

  it.effect("leaves nothing undone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
    }))
})
