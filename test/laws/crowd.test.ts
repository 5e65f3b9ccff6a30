import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { get } from "../support/Edge.ts"
import { ledger } from "../support/Provider.ts"
import * as Crowd from "../support/RandomCrowd.ts"
import { brokenAtRest, levelOf } from "../support/Shop.ts"
import * as System from "../support/System.ts"

const settings = {
  STRIPE_DEADLINE: "1 seconds",
  PAYMENT_FIRST_PAUSE: "200 millis",
  PAYMENT_LONGEST_PAUSE: "600 millis",
  PAYMENT_FAULT_PAUSE: "600 millis",
  ORDER_HOLD_EXPIRES_AFTER: "4 seconds"
}

const final = ["Shipped", "Failed", "Cancelled"]
const sum = (amounts: ReadonlyArray<number>) => amounts.reduce((total, amount) => total + amount, 0)

const History = Schema.parseJson(Schema.Struct({ items: Schema.Array(Crowd.Step) }))

layer(Layer.provideMerge(Crowd.layer(100, 25, Crowd.misfortunes), System.layer(settings)), {
  excludeTestServices: true,
  timeout: 120_000
})("a crowd that clicks, cancels and is declined while the provider has bad luck", (it) => {
  it.effect("breaks no law, once all is at rest (G1 to G15)", () =>
    Effect.gen(function*() {
      const { seed, struck } = yield* Crowd.RandomCrowd
      // The bad luck was real.
      assert.isAbove(Object.keys(struck).length, 4, `seed ${seed}`)
      assert.deepStrictEqual(yield* brokenAtRest("45 seconds"), [], `seed ${seed}`)
    }), 60_000)

  it.effect("stock is conserved: what left the shelf is what shipped orders hold, to the unit (H86, H90, G5, G6)", () =>
    Effect.gen(function*() {
      const { received, seed } = yield* Crowd.RandomCrowd
      const shipped = (yield* Crowd.ordersNow).filter(({ status }) => status === "Shipped")
      for (const [sku, stock] of received) {
        const left = sum(shipped.flatMap(({ lines }) => lines).filter((l) => l.sku === sku).map((l) => l.quantity))
        assert.deepInclude(
          yield* levelOf(sku),
          { onHand: stock - left, reserved: 0, available: stock - left },
          `seed ${seed}`
        )
      }
      assert.isNotEmpty(shipped, `seed ${seed}`)
    }))

  it.effect("money is conserved: what the provider kept is what shipped orders cost, order by order (H62, G1, G2)", () =>
    Effect.gen(function*() {
      const { seed } = yield* Crowd.RandomCrowd
      const { intents, refunds } = yield* ledger
      const returned = (id: string) =>
        sum(refunds.filter((r) => r.payment_intent === id && r.status === "succeeded").map(({ amount }) => amount))
      const kept = (orderId: string) =>
        intents.filter(({ metadata }) => metadata.orderId === orderId).map((i) => i.amount_received - returned(i.id))
          .filter((amount) => amount !== 0)
      for (const { id, status, total } of yield* Crowd.ordersNow) {
        assert.deepStrictEqual(
          { id, kept: kept(id) },
          { id, kept: status === "Shipped" ? [total.amount] : [] },
          `seed ${seed}`
        )
      }
    }))

  it.effect("every order ends, by a history without gaps that never leaves a final state (H36, H43, G7, G15)", () =>
    Effect.gen(function*() {
      const { seed, told } = yield* Crowd.RandomCrowd
      const orders = yield* Crowd.ordersNow
      assert.deepStrictEqual(orders.filter(({ status }) => !final.includes(status)), [], `seed ${seed}`)
      yield* Effect.forEach(told, ({ customer, order }, index) =>
        Effect.gen(function*() {
          const answer = yield* get(customer, `/orders/${order.id}/history?limit=100`)
          const { items } = yield* Schema.decode(History)(answer.body)
          assert.deepStrictEqual(items.map(({ version }) => version), items.map((_, at) => at + 1), `seed ${seed}`)
          assert.deepStrictEqual(
            items.map(({ from }) => from),
            [null, ...items.slice(0, -1).map(({ to }) => to)],
            `seed ${seed}`
          )
          assert.strictEqual(items.at(-1)?.to, orders[index]?.status, `seed ${seed}`)
          const end = items.findIndex(({ to }) => final.includes(to))
          assert.strictEqual(new Set(items.slice(end).map(({ to }) => to)).size, 1, `seed ${seed}`)
        }), { concurrency: 8, discard: true })
    }))

  it.effect("nobody got two different answers to one key (H02, G12, G17)", () =>
    Effect.gen(function*() {
      const { seed, told } = yield* Crowd.RandomCrowd
      const answered = told.filter(({ answers }) => answers.length > 0)
      assert.isNotEmpty(answered, `seed ${seed}`)
      for (const { answers } of answered) {
        const done = answers.filter(({ status }) => status < 300)
        assert.isAtMost(new Set(done.map(({ body, status }) => `${status} ${body}`)).size, 1, `seed ${seed}`)
      }
    }))
})
