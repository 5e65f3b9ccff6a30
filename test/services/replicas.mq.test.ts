import { assert, describe, layer } from "@effect/vitest"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Effect, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { post, problemOf } from "../support/Edge.ts"
import * as Process from "../support/Process.ts"
import { booksOf } from "../support/Provider.ts"
import * as Services from "../support/Services.ts"
import * as SharedGround from "../support/SharedGround.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, until } from "../support/Shop.ts"
import { count, rows } from "../support/Tables.ts"

/** The same customer, at each replica of the order service. */
const atEach = Effect.gen(function*() {
  const { of } = yield* Services.Services
  const customer = yield* newCustomer
  return of("order").map(({ url }) => ({ ...customer, url }))
})

const Lease = Schema.Struct({ holder: Schema.String, fence: Schema.NumberFromString })
const lease = Effect.map(
  rows(Lease, "SELECT holder, fence::text AS fence FROM \"order\".relay_lease WHERE expires_at > now()"),
  ([held]) => held ?? { holder: "", fence: 0 }
)

const pair = layer(SharedGround.layer({ replicas: 2 }), { excludeTestServices: true, timeout: 90_000 })

describe.skipIf(!RabbitMqTest.isAvailable)("two replicas of each service", () =>
  pair((it) => {
    it.effect("whoever waits at one of them hears what the other committed (H42)", () =>
      Effect.gen(function*() {
        const [one] = yield* atEach
        assert.isDefined(one)
        const sku = yield* newProduct(100)
        // Answers of the stock go to both replicas in turn: of twenty, the other commits some.
        const placed = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => Effect.timeout(Customer.place(one, sku, 1), "10 seconds")
        )
        assert.deepStrictEqual([...new Set(placed.map(({ status }) => status))], ["Reserved"])
      }))

    it.effect("a key that comes to both at once is one payment, and whoever is too early is told to come again (H01, H02)", () =>
      Effect.gen(function*() {
        const each = yield* atEach
        const [one] = each
        assert.isDefined(one)
        const order = yield* Customer.place(one, yield* newProduct(5), 2)
        const request = { key: v7(), prefer: "wait=15", body: { paymentMethodId: "pm_card_visa" } }
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, index) => each[index % 2] ?? one),
          (customer) => post(customer, `/orders/${order.id}/pay`, request),
          { concurrency: "unbounded" }
        )
        const early = answers.filter(({ status }) => status === 409)
        for (const answer of early) {
          assert.strictEqual(yield* problemOf(answer), "409 idempotency-key-in-progress")
          assert.isDefined(answer.headers["retry-after"])
        }
        const told = answers.filter(({ status }) => status !== 409)
        assert.strictEqual(new Set(told.map(({ body, status }) => `${status} ${body}`)).size, 1)
        assert.strictEqual(told[0]?.status, 200)
        yield* becomes(one, order, "Shipped")
        assert.deepStrictEqual((yield* booksOf(order)).charges, [2000])
        assert.strictEqual(yield* count("payment.payment_attempts WHERE order_id = $1", order.id), 1)
      }))

    it.effect(
      "one of them speaks; when it is killed the other takes over and says what was left (H104, H106, H120)",
      () =>
        Effect.gen(function*() {
          const { of } = yield* Services.Services
          const before = yield* until(lease, ({ holder }) => holder !== "")
          const running = yield* Effect.forEach(
            of("order"),
            (member) => Effect.map(member.running, ({ pid }) => ({ member, pid }))
          )
          const speaker = running.find(({ pid }) => before.holder.includes(`-${pid}-`))
          const other = running.find((one) => one !== speaker)
          assert.isDefined(speaker, before.holder)
          assert.isDefined(other)
          const customer = { ...(yield* newCustomer), url: other.member.url }
          const sku = yield* newProduct(5)
          yield* Process.kill(yield* speaker.member.running)
          const order = yield* Customer.place(customer, sku, 1)
          yield* until(lease, ({ holder }) => holder.includes(`-${other.pid}-`), "30 seconds")
          assert.isAbove((yield* lease).fence, before.fence)
          yield* becomes(customer, order, "Reserved")
          yield* speaker.member.start
          yield* until(speaker.member.health, ({ status }) => status === 200, "30 seconds")
          assert.deepStrictEqual(yield* brokenAtRest(), [])
        }),
      { timeout: 90_000 }
    )
  }))
