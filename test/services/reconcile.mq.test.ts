import { assert, describe, layer } from "@effect/vitest"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Effect, Redacted } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { System } from "../support/Addresses.ts"
import { post } from "../support/Edge.ts"
import { quartet } from "../support/Process.ts"
import { charging, whileFaulty } from "../support/Provider.ts"
import { losing } from "../support/Reconciling.ts"
import * as Services from "../support/Services.ts"
import * as SharedGround from "../support/SharedGround.ts"
import { becomes, newCustomer, newProduct, until } from "../support/Shop.ts"
import { count } from "../support/Tables.ts"

/** The command as an operator gives it who has the databases' owner and the services' addresses. */
const reconcile = Effect.gen(function*() {
  const { admin, simulator } = yield* System
  const { members } = yield* Services.Services
  const settings = {
    ...TokenKeys.issuing,
    DATABASE_URL: Redacted.value(admin),
    OPS_URL: members.map(({ ops }) => ops).join(","),
    STRIPE_API_BASE: simulator
  }
  const command = yield* quartet(["reconcile", "--settle", "500ms"], new Map(Object.entries(settings)))
  const { code } = yield* Effect.timeout(command.ended, "40 seconds")
  return { code, said: command.stdout() + command.stderr() }
}).pipe(Effect.scoped)

const ground = SharedGround.layer({ replicas: 2, settings: { PAYMENT_RECONCILE_EVERY: "never" } })

describe.skipIf(!RabbitMqTest.isAvailable)(
  "services in processes of their own, two of each,",
  () =>
    layer(ground, { excludeTestServices: true, timeout: 150_000 })((it) => {
      it.effect(
        "are reconciled by one command: an order hears of its payment, and the second time nothing is found (H207)",
        () =>
          Effect.gen(function*() {
            const customer = yield* newCustomer
            const order = yield* Customer.place(customer, yield* newProduct(5), 1)
            yield* whileFaulty(
              { fault: "hang", delayMs: 1500, match: charging },
              Effect.gen(function*() {
                yield* post(customer, `/orders/${order.id}/pay`, {
                  key: v7(),
                  body: { paymentMethodId: "pm_card_visa" }
                })
                const asked = count("payment.payments WHERE order_id = $1 AND status = 'Charging'", order.id)
                yield* until(asked, (n) => n === 1)
                yield* losing("payment", "payment.succeeded.v1", order, Effect.void)
              })
            )
            const first = yield* reconcile
            assert.strictEqual(first.code, 0, first.said)
            assert.match(first.said, /^✔ order\/\S+\/payment: .* repaired: what payment said of it is said again\.$/m)
            yield* becomes(customer, order, "Shipped")
            const second = yield* reconcile
            assert.deepStrictEqual(second, { code: 0, said: "No mismatch was found.\n" })
          }),
        90_000
      )
    })
)
