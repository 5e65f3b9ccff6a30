import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Either, Order, Schema } from "effect"
import {
  CustomerId,
  newOrderId,
  newPaymentId,
  newRefundId,
  newShipmentId,
  OrderId,
  PaymentMethodId,
  Sku
} from "../src/Ids.ts"
import { Quantity } from "../src/Quantity.ts"
import { Timestamp } from "../src/Timestamp.ts"

const refuses = <A, I>(schema: Schema.Schema<A, I>, input: unknown) =>
  assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(schema)(input)), `refuses ${String(input)}`)

const accepts = <A, I>(schema: Schema.Schema<A, I>, input: unknown) =>
  assert.deepStrictEqual<unknown>(Either.getOrThrow(Schema.decodeUnknownEither(schema)(input)), input)

describe("Ids", () => {
  it("takes an order id only as a lower-case UUID of version 7", () => {
    accepts(OrderId, "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10")
    refuses(OrderId, "01993C4E-8A10-7C3A-9D52-6F0B1E2A4C10") // the same id under another name
    refuses(OrderId, "01993c4e-8a10-4c3a-9d52-6f0b1e2a4c10") // version 4
    refuses(OrderId, "01993c4e-8a10-7c3a-1d52-6f0b1e2a4c10") // not the variant of RFC 9562
    refuses(OrderId, "01993c4e8a107c3a9d526f0b1e2a4c10")
    refuses(OrderId, "{01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10}")
    refuses(OrderId, "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10\n")
    refuses(OrderId, 42)
  })

  it.effect("makes ids that its own schema takes, all different and in the order they were made", () =>
    Effect.gen(function*() {
      const ids = yield* Effect.replicateEffect(newOrderId, 1000)
      ids.forEach((id) => accepts(OrderId, id))
      assert.strictEqual(new Set(ids).size, 1000)
      assert.deepStrictEqual(ids, Array.sort(ids, Order.string))
      const others = yield* Effect.all([newPaymentId, newRefundId, newShipmentId])
      assert.strictEqual(new Set(others).size, 3)
    }))

  it("takes a SKU of 1 to 64 plain characters", () => {
    accepts(Sku, "TEA-EARL_GREY.100")
    accepts(Sku, "x".repeat(64))
    for (const sku of ["", "x".repeat(65), "a b", "a/b", "grün", "a\u0000", "a\n", 7]) refuses(Sku, sku)
  })

  it("takes a customer id of 1 to 128 printable characters of any script (H189)", () => {
    for (const id of ["auth0|5f7c8ec7c33c6c004bbafe82", "Jürgen 客户", "🫖", "🫖".repeat(128)]) accepts(CustomerId, id)
    for (
      const id of ["", "x".repeat(129), "a\u0000", "a\tb", "a\n", "a\u2028b", "\u202Eevil", "a\u200Bb", "\uD83E", null]
    ) {
      refuses(CustomerId, id)
    }
  })

  it("takes a payment method by the provider's prefix", () => {
    for (const id of ["pm_card_visa", "pm_1PgrXYLkdIwHu7ix"]) accepts(PaymentMethodId, id)
    for (const id of ["4242424242424242", "_4242424242424242", "pm_", "pm_a b", "pm_a/../b", ""]) {
      refuses(PaymentMethodId, id)
    }
  })

  it("takes a quantity of 1 to 1000 whole units and nothing that only looks like one (H182)", () => {
    for (const quantity of [1, 1000]) accepts(Quantity, quantity)
    for (const quantity of [0, -1, 1.5, 1001, 1e9, Number.NaN, Number.POSITIVE_INFINITY, "3", "1e2", null]) {
      refuses(Quantity, quantity)
    }
  })

  it("takes a time only in UTC", () => {
    for (const time of ["2026-03-02T09:15:42Z", "2026-03-02T09:15:42.318Z"]) accepts(Timestamp, time)
    for (const time of ["2026-03-02T10:15:42+01:00", "2026-03-02T09:15:42", "2026-03-02 09:15:42Z"]) {
      refuses(Timestamp, time)
    }
  })
})
