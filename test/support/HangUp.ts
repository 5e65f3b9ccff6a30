import { assert } from "@effect/vitest"
import type { OrderView } from "@quartet/contracts/OrderView"
import { Effect, Random, Redacted } from "effect"
import { request } from "node:http"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { seeded } from "./Chance.ts"
import { post } from "./Edge.ts"
import { ledger } from "./Provider.ts"
import { brokenAtRest, newCustomer, newProduct, until } from "./Shop.ts"

/** Presses pay and pulls the plug after so many milliseconds; tells whether that was before the answer. */
const payAndLeave = ({ token, url }: Customer.Customer, { id }: OrderView, key: string, after: number) =>
  Effect.async<void>((resume) => {
    const call = request(`${url}/orders/${id}/pay`, {
      method: "POST",
      agent: false,
      headers: {
        Authorization: `Bearer ${Redacted.value(token)}`,
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        Prefer: "wait=15"
      }
    })
    call.once("response", (response) => response.resume().once("close", () => resume(Effect.void)))
    call.once("error", (error) => resume(Effect.die(error)))
    call.end(`{"paymentMethodId":"pm_card_visa"}`)
    return Effect.sync(() => void call.removeAllListeners("error").on("error", () => {}).destroy())
  }).pipe(Effect.timeoutTo({ duration: `${after} millis`, onSuccess: () => false, onTimeout: () => true }))

const press = (customer: Customer.Customer, { id }: OrderView, key: string) =>
  post(customer, `/orders/${id}/pay`, { key, prefer: "wait=15", body: { paymentMethodId: "pm_card_visa" } })

/** So many pays whose caller leaves at some moment, each sent again with its key: one charge each, and equal answers. */
export const hangUps = Effect.fn("HangUp.hangUps")(function*(count: number) {
  const customer = yield* newCustomer
  const sku = yield* newProduct(count)
  const one = Effect.gen(function*() {
    const order = yield* Customer.place(customer, sku, 1)
    const key = v7()
    const left = yield* payAndLeave(customer, order, key, yield* Random.nextIntBetween(0, 120))
    // The first may still be working: then it is said that it is in progress.
    const again = until(press(customer, order, key), ({ status }) => status !== 409)
    const [first, second] = [yield* again, yield* again]
    assert.strictEqual(first.status, 200, first.body)
    assert.deepStrictEqual([second.status, second.body], [first.status, first.body])
    assert.strictEqual(second.headers["idempotent-replayed"], "true")
    return { order, left }
  })
  const all = yield* Effect.all(Array.from({ length: count }, () => one), { concurrency: 8 })
  assert.isAbove(all.filter(({ left }) => left).length, 0, "nobody hung up before the answer")
  const { charges } = yield* ledger
  const paid = charges.filter((charge) => charge.paid).map(({ metadata }) => metadata.orderId)
  assert.deepStrictEqual(paid.toSorted(), all.map(({ order }) => order.id).toSorted())
  assert.deepStrictEqual(yield* brokenAtRest(), [])
}, seeded)
