import { assert, describe, layer } from "@effect/vitest"
import { subscriptions } from "@quartet/contracts/Catalog"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Context, Effect, Fiber, Layer } from "effect"
import * as Customer from "quartet/demo/Customer"
import type { Name } from "quartet/Serve"
import { ask } from "quartet/Shop"
import * as Services from "../support/Services.ts"
import * as SharedGround from "../support/SharedGround.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"

/** What all names at the broker begin with. */
class Namespace extends Context.Tag("@quartet/test/services/Namespace")<Namespace, string>() {}

/** Nothing but the audit of deliveries mends a binding's loss while the test runs. */
const ground = Layer.unwrapScoped(Effect.gen(function*() {
  const namespace = yield* RabbitMqTest.namespace(subscriptions)
  const settings = { AMQP_NAMESPACE: namespace, AMQP_ASSERT_EVERY: "1 hour", DELIVERY_AUDIT_EVERY: "1 second" }
  return Layer.merge(SharedGround.layer({ settings }), Layer.succeed(Namespace, namespace))
}))

/** A channel past every service. */
const behind = Effect.flatMap(RabbitMqTest.url, RabbitMqTest.channel)

/** Whether some process of the service is not ready for this reason. */
const isMissing = (name: Name, check: string) =>
  Effect.flatMap(Services.Services, ({ of }) =>
    Effect.map(
      Effect.forEach(of(name), ({ health }) => health),
      (all) => all.some(({ missing }) => missing.includes(check))
    ))

/** How many messages the processes of the order service counted as lost on their way to a consumer. */
const lostTo = (consumer: string) =>
  Effect.gen(function*() {
    const { of } = yield* Services.Services
    const texts = yield* Effect.forEach(
      of("order"),
      ({ ops }) => Effect.flatMap(ask({ method: "GET", url: `${ops}/metrics` }), ({ text }) => text)
    )
    const line = new RegExp(`^deliveries_lost_total\\{.*consumer="${consumer}".*\\} (\\d+)$`, "m")
    return texts.reduce((sum, text) => sum + Number(line.exec(text)?.[1] ?? 0), 0)
  })

const orders = 20

const placed = Effect.gen(function*() {
  const customer = yield* newCustomer
  const product = yield* newProduct(orders)
  const all = yield* Effect.replicateEffect(Customer.place(customer, product, 1), orders)
  return { customer, all }
})

describe.skipIf(!RabbitMqTest.isAvailable)(
  "a broker that loses what it confirmed",
  () =>
    layer(ground, { excludeTestServices: true, timeout: 180_000 })((it) => {
      it.scoped(
        "does not stop orders whose messages missed one subscriber for want of a binding (H130)",
        () =>
          Effect.gen(function*() {
            const namespace = yield* Namespace
            const channel = yield* behind
            const { all, customer } = yield* placed
            // The warehouse's queue goes on taking the message, so the broker returns none.
            yield* Effect.acquireRelease(
              Effect.promise(() => channel.unbindQueue(`${namespace}.inventory`, namespace, "order.paid.v1")),
              () => Effect.promise(() => channel.bindQueue(`${namespace}.inventory`, namespace, "order.paid.v1"))
            )
            const red = yield* Effect.fork(until(isMissing("order", "order.deliveries"), (is) => is, "60 seconds"))
            yield* Effect.forEach(all, (order) => pay(customer, order), { concurrency: 4, discard: true })
            yield* Fiber.join(red)
            yield* Effect.forEach(all, (order) => becomes(customer, order, "Shipped"), { discard: true })
            yield* until(isMissing("order", "order.deliveries"), (is) => !is, "60 seconds")
            assert.strictEqual(yield* lostTo("inventory"), orders)
            assert.strictEqual(yield* lostTo("warehouse"), 0)
            assert.deepStrictEqual(yield* brokenAtRest(), [])
          }),
        150_000
      )

      it.scoped(
        "does not stop orders whose messages were in a queue that somebody deleted (H130)",
        () =>
          Effect.gen(function*() {
            const namespace = yield* Namespace
            const channel = yield* behind
            const { allReady, of } = yield* Services.Services
            const { all, customer } = yield* placed
            for (const { running } of of("inventory")) {
              const { ended, tell } = yield* running
              yield* tell("SIGKILL")
              yield* ended
            }
            yield* Effect.forEach(all, (order) => pay(customer, order), { concurrency: 4, discard: true })
            yield* Effect.forEach(all, (order) => becomes(customer, order, "Paid"), { discard: true })
            const waiting = Effect.promise(() => channel.checkQueue(`${namespace}.inventory`))
            yield* until(waiting, ({ messageCount }) => messageCount >= orders, "40 seconds")
            yield* Effect.promise(() => channel.deleteQueue(`${namespace}.inventory`))
            yield* Effect.forEach(of("inventory"), ({ start }) => start)
            yield* allReady
            yield* Effect.forEach(all, (order) => becomes(customer, order, "Shipped"), { discard: true })
            yield* until(isMissing("order", "order.deliveries"), (is) => !is, "60 seconds")
            assert.deepStrictEqual(yield* brokenAtRest(), [])
          }),
        150_000
      )
    })
)
