import { assert, describe, layer } from "@effect/vitest"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Effect, Fiber, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { post, problemOf } from "../support/Edge.ts"
import * as Holder from "../support/Holder.ts"
import * as Process from "../support/Process.ts"
import { booksOf, whileFaulty } from "../support/Provider.ts"
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

const pair = layer(SharedGround.layer({ replicas: 2 }), { excludeTestServices: true, timeout: 150_000 })

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
      "a key that fifty bring at once is one payment though its holder is killed, and all get one answer (H02, H08, H14)",
      () =>
        Effect.gen(function*() {
          const { customer, holder, key, leaseEnds, order, pay, replicas } = yield* Holder.reserved
          const { result: killed } = yield* whileFaulty(
            Holder.slowly,
            Effect.gen(function*() {
              const pressing = yield* Effect.fork(Effect.forEach(
                Array.from({ length: 50 }, (_, index) => index),
                (index) => Effect.exit(pay(`replica-${index % 2}`, replicas[index % 2]?.url)),
                { concurrency: "unbounded" }
              ))
              const [name] = yield* until(holder, (names) => names.length === 1)
              const victim = replicas[Number(name?.split("-")[1])]
              assert.isDefined(victim, name)
              yield* Process.kill(yield* victim.running)
              // It is charged meanwhile, though nobody is left who waits for that at the one who asked.
              yield* becomes(customer, order, "Shipped")
              const early = yield* pay("early", customer.url, "wait=0")
              assert.strictEqual(yield* problemOf(early), "409 idempotency-key-in-progress")
              assert.match(early.headers["retry-after"] ?? "", /^[1-9]\d*$/)
              yield* leaseEnds
              return { victim, first: yield* Fiber.join(pressing) }
            })
          )
          const lost = killed.first.filter(({ _tag }) => _tag === "Failure")
          assert.isAtLeast(lost.length, 1, "nobody lost an answer")
          const again = yield* Effect.forEach(killed.first, () => pay("again"), { concurrency: 10 })
          // Who waited at the other replica was told in the end, or to come again.
          const others = killed.first.flatMap((exit) => exit._tag === "Success" ? [exit.value] : [])
          const early = others.filter(({ status }) => status === 409)
          assert.isTrue(early.every(({ headers }) => headers["retry-after"] !== undefined))
          const answers = [...again, ...others.filter((one) => !early.includes(one))]
          assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [202])
          assert.strictEqual(new Set(answers.map(({ body }) => body)).size, 1)
          assert.isTrue(answers.every(({ headers }) => headers["idempotent-replayed"] === "true"))
          assert.strictEqual(yield* count("\"order\".idempotency_keys WHERE key = $1", key), 1)
          assert.strictEqual((yield* holder).length, 1)
          yield* killed.victim.start
          yield* until(killed.victim.health, ({ status }) => status === 200, "30 seconds")
          yield* Holder.chargedOnce(order)
        }),
      { timeout: 90_000 }
    )

    it.effect(
      "a holder that stood still until others were answered gets the answer that they got (H09)",
      () =>
        Effect.gen(function*() {
          const { customer, kept, leaseEnds, order, pay, replicas } = yield* Holder.reserved
          const [first, second] = replicas
          assert.isDefined(first)
          const { tell } = yield* first.running
          const { result } = yield* whileFaulty(
            Holder.slowly,
            Effect.gen(function*() {
              const late = yield* Effect.fork(pay("late", first.url))
              yield* becomes({ ...customer, url: second?.url ?? "" }, order, "PaymentPending")
              yield* tell("SIGSTOP")
              return yield* Effect.ensuring(
                Effect.gen(function*() {
                  yield* leaseEnds
                  const taken = yield* pay("soon", second?.url)
                  assert.deepStrictEqual([taken.status, taken.headers["idempotent-replayed"]], [202, "true"])
                  return { late, taken, before: yield* kept }
                }),
                tell("SIGCONT")
              )
            })
          )
          const late = yield* Fiber.join(result.late)
          assert.deepStrictEqual([late.status, late.body], [result.taken.status, result.taken.body])
          yield* becomes(customer, order, "Shipped")
          assert.deepStrictEqual(yield* kept, result.before)
          assert.strictEqual((yield* pay("again", second?.url)).body, late.body)
          yield* Holder.chargedOnce(order)
        }),
      { timeout: 90_000 }
    )

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
