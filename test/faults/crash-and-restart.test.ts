import { assert, layer } from "@effect/vitest"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Effect, Fiber, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { ask, demand } from "quartet/Shop"
import { v7 } from "uuid"
import { System } from "../support/Addresses.ts"
import { seeded } from "../support/Chance.ts"
import * as Quartet from "../support/Quartet.ts"
import { rowsOf, superuser } from "../support/Rows.ts"
import { becomes, brokenAtRest, chargesOf, misbehave, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import { survivesBlows } from "../support/Survival.ts"

/** How often the provider was told to misbehave and did. */
const struck = Effect.gen(function*() {
  const { simulator } = yield* System
  const url = `${simulator}/_simulator/faults`
  return (yield* demand({ method: "GET", url }, Schema.Struct({ injected: Schema.Int }))).injected
})

const charging = { method: "POST", path: "/v1/payment_intents" }

/** Presses the button again, and does not wait for a better answer. */
const payAgain = ({ token, url }: Customer.Customer, { id }: OrderView, key: string) =>
  Effect.gen(function*() {
    const { headers, status, text } = yield* ask({
      method: "POST",
      url: `${url}/orders/${id}/pay`,
      token,
      headers: { "Idempotency-Key": key },
      body: { paymentMethodId: "pm_card_visa" }
    })
    return { status, replayed: headers["idempotent-replayed"], body: yield* text }
  })

const attemptsOf = ({ id }: OrderView) =>
  rowsOf((sql) => sql`SELECT 1 FROM payment.payment_attempts WHERE order_id = ${id}`)

const crashing = layer(Quartet.layer(), { excludeTestServices: true, timeout: 120_000 })

crashing("whatever is killed at whatever moment", (it) => {
  it.effect(
    "no order, charge or answer is lost or doubled when the process is killed (H08, H11, H46, H47, H104, H105, H125, H126)",
    () => seeded(survivesBlows(2, ({ kill }) => kill)),
    { timeout: 120_000 }
  )

  it.effect(
    "nor when its PostgreSQL is killed with it (H151, H152, H165)",
    () => seeded(survivesBlows(2, ({ killAll }) => killAll)),
    { timeout: 120_000 }
  )

  it.effect(
    "killed between the charge and what we keep of it: the card is charged once (H47)",
    () =>
      Effect.gen(function*() {
        const quartet = yield* Quartet.Quartet
        const customer = yield* newCustomer
        const order = yield* Customer.place(customer, yield* newProduct(5), 1)
        yield* misbehave("webhooks", { mode: "hold" })
        yield* misbehave("faults", { match: charging, fault: "hang", delayMs: 1000 })
        yield* Effect.fork(pay(customer, order))
        yield* until(struck, (times) => times > 0)
        yield* Effect.scoped(Effect.gen(function*() {
          // While this lock is held the provider's answer cannot be kept.
          const sql = yield* superuser
          yield* Effect.zipRight(
            sql`LOCK TABLE payment.payments IN EXCLUSIVE MODE`,
            Effect.zipRight(until(chargesOf(order), ({ length }) => length === 1), quartet.kill)
          ).pipe(sql.withTransaction)
        }))
        const kept = yield* rowsOf((sql) =>
          sql<{ status: string }>`SELECT status FROM payment.payments WHERE order_id = ${order.id}`
        )
        assert.deepStrictEqual(kept, [{ status: "Charging" }], "the charge was kept: the window was missed")

        yield* quartet.start
        yield* becomes(customer, order, "Shipped")
        assert.strictEqual((yield* chargesOf(order)).length, 1)
        assert.strictEqual((yield* attemptsOf(order)).length, 1)
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }),
    { timeout: 60_000 }
  )

  it.effect(
    "killed between the intent to charge and the charge: it is charged after the restart, once (H46)",
    () =>
      Effect.gen(function*() {
        const quartet = yield* Quartet.Quartet
        const customer = yield* newCustomer
        const order = yield* Customer.place(customer, yield* newProduct(5), 1)
        yield* misbehave("faults", { match: charging, fault: "hang", delayMs: 600_000 })
        const before = yield* struck
        yield* Effect.fork(pay(customer, order))
        yield* until(struck, (times) => times > before)
        assert.strictEqual((yield* attemptsOf(order)).length, 1)
        assert.strictEqual((yield* chargesOf(order)).length, 0)
        yield* quartet.kill

        yield* quartet.start
        yield* becomes(customer, order, "Shipped")
        assert.strictEqual((yield* chargesOf(order)).length, 1)
        assert.strictEqual((yield* attemptsOf(order)).length, 1)
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }),
    { timeout: 60_000 }
  )

  it.effect(
    "killed between the commit and the answer: the key tells what was done, and it is done once (H08, H11)",
    () =>
      Effect.gen(function*() {
        const quartet = yield* Quartet.Quartet
        const customer = yield* newCustomer
        const order = yield* Customer.place(customer, yield* newProduct(5), 1)
        const key = v7()
        yield* misbehave("faults", { match: charging, fault: "hang", delayMs: 600_000 })
        const unanswered = yield* Effect.fork(pay(customer, order, "pm_card_visa", key))
        yield* becomes(customer, order, "PaymentPending")
        yield* quartet.kill
        assert.strictEqual((yield* Effect.exit(Fiber.join(unanswered)))._tag, "Failure")

        yield* quartet.start
        yield* becomes(customer, order, "Shipped")
        // For all that is known the first caller is being answered still, until the lease ends. That is not waited for here.
        const early = yield* payAgain(customer, order, key)
        assert.strictEqual(early.status, 409)
        assert.include(early.body, "idempotency-key-in-progress")
        const leases = yield* rowsOf((sql) =>
          sql<{ soon: boolean }>`
          UPDATE "order".idempotency_keys SET open_until = now() - interval '1 s' WHERE key = ${key}
          RETURNING (SELECT open_until < now() + interval '60 s' FROM "order".idempotency_keys WHERE key = ${key}) AS soon`
        )
        assert.deepStrictEqual(leases, [{ soon: true }])
        const first = yield* payAgain(customer, order, key)
        const second = yield* payAgain(customer, order, key)
        assert.isBelow(first.status, 300, first.body)
        assert.strictEqual(first.replayed, "true")
        assert.deepStrictEqual(second, first)
        assert.strictEqual((yield* Customer.look(customer, order)).status, "Shipped")
        assert.strictEqual((yield* chargesOf(order)).length, 1)
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }),
    { timeout: 60_000 }
  )
})
