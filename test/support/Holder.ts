import { assert } from "@effect/vitest"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Effect, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { json, send } from "./PlainRequest.ts"
import { booksOf, charging } from "./Provider.ts"
import * as Services from "./Services.ts"
import { brokenAtRest, newCustomer, newProduct } from "./Shop.ts"
import { count, execute, rows } from "./Tables.ts"

/** How long the provider keeps everybody waiting, so that whoever asked first is being answered still. */
export const slowly = { fault: "hang", delayMs: 1500, match: charging }

const Asked = Schema.Struct({ name: Schema.String })
const Kept = Schema.Struct({ status: Schema.Int, body: Schema.String })

/** An order that waits to be paid, and how it is paid under one key, by a replica or by whoever of them is there. */
export const reserved = Effect.gen(function*() {
  const { of } = yield* Services.Services
  const customer = yield* newCustomer
  const order = yield* Customer.place(customer, yield* newProduct(5), 2)
  const key = v7()
  const pay = (name: string, url = customer.url, prefer = "wait=15") =>
    send({ ...customer, url }, "POST", `/orders/${order.id}/pay`, {
      body: `{"paymentMethodId":"pm_card_visa"}`,
      headers: { ...json, "idempotency-key": key, prefer, "x-correlation-id": name }
    })
  /** The name of the request that was carried out, which says who holds the key. */
  const holder = Effect.map(
    rows(
      Asked,
      "SELECT envelope::json->>'correlationid' AS name FROM \"order\".outbox WHERE type = 'order.payment_requested.v1' AND subject = $1",
      [order.id]
    ),
    (asked) => asked.map(({ name }) => name)
  )
  /** For all that others know the first caller is being answered until the lease ends. That is not waited for here. */
  const leaseEnds = execute(
    `UPDATE "order".idempotency_keys SET open_until = now() WHERE key = '${key}' AND NOT sealed`
  )
  const kept = rows(Kept, "SELECT status, body FROM \"order\".idempotency_keys WHERE key = $1", [key])
  return { customer, order, key, pay, holder, leaseEnds, kept, replicas: of("order") }
})

/** What must have come of it in the end. */
export const chargedOnce = Effect.fn("chargedOnce")(function*(order: OrderView) {
  assert.deepStrictEqual((yield* booksOf(order)).charges, [2000])
  assert.strictEqual(yield* count("payment.payment_attempts WHERE order_id = $1", order.id), 1)
  assert.deepStrictEqual(yield* brokenAtRest(), [])
})
