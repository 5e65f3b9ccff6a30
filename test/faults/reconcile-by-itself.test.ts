import { layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { post } from "../support/Edge.ts"
import { charging, whileFaulty } from "../support/Provider.ts"
import * as Quartet from "../support/Quartet.ts"
import { losing } from "../support/Reconciling.ts"
import { becomes, newCustomer, newProduct, until } from "../support/Shop.ts"
import { count } from "../support/Tables.ts"

const settings = { RECONCILE_EVERY: "500 millis", PAYMENT_RECONCILE_EVERY: "never" }

layer(Quartet.layer(settings), { excludeTestServices: true, timeout: 150_000 })("a quartet in one process", (it) => {
  it.effect("reconciles by itself: an order hears of its payment though the message was lost (H207)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const order = yield* Customer.place(customer, yield* newProduct(5), 1)
      yield* whileFaulty(
        { fault: "hang", delayMs: 700, match: charging },
        Effect.gen(function*() {
          yield* post(customer, `/orders/${order.id}/pay`, { key: v7(), body: { paymentMethodId: "pm_card_visa" } })
          const asked = count("payment.payments WHERE order_id = $1 AND status = 'Charging'", order.id)
          yield* until(asked, (n) => n === 1)
          yield* losing("payment", "payment.succeeded.v1", order, Effect.void)
        })
      )
      yield* becomes(customer, order, "Shipped")
    }))
})
