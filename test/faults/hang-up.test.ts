import { assert, layer } from "@effect/vitest"
import { Effect, Random, Redacted } from "effect"
import { request } from "node:http"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { seeded } from "../support/Chance.ts"
import { brokenAtRest, chargesOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"

/** Presses pay and pulls the plug after so many milliseconds; tells whether that was before the answer. */
const payAndLeave = ({ token, url }: Customer.Customer, { id }: Customer.Order, key: string, after: number) =>
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

layer(System.layer(), { excludeTestServices: true, timeout: 60_000 })("a customer who hangs up while paying", (it) => {
  it.effect("is charged once, whenever that was, and pressing again gives one answer (H10, H11)", () =>
    seeded(Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(100)
      const one = Effect.gen(function*() {
        const order = yield* Customer.place(customer, sku, 1)
        const key = v7()
        const left = yield* payAndLeave(customer, order, key, yield* Random.nextIntBetween(0, 120))
        // The first may still be working: then it is said that it is in progress.
        const again = until(pay(customer, order, "pm_card_visa", key), ({ status }) => status !== 409)
        const [first, second] = [yield* again, yield* again]
        assert.strictEqual(first.status, 200, first.body)
        assert.deepStrictEqual([second.status, second.body], [first.status, first.body])
        assert.isTrue(second.replayed)
        return { order, left }
      })
      const all = yield* Effect.all(Array.from({ length: 30 }, () => one), { concurrency: 5 })
      assert.isAbove(all.filter(({ left }) => left).length, 0, "nobody hung up before the answer")
      const charges = yield* Effect.forEach(all, ({ order }) => Effect.map(chargesOf(order), (found) => found.length))
      assert.deepStrictEqual(charges, all.map(() => 1))
      assert.deepStrictEqual(yield* brokenAtRest(), [])
    })))
})
