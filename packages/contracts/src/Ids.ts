import * as Uuid from "@quartet/messaging/Uuid"
import { Effect, Schema } from "effect"
import { documentedAs } from "./Documented.ts"

/**
 * A UUID of version 7 in its canonical lower-case form, so that equal ids are equal strings everywhere.
 * Source: RFC 9562, §4 (text form; writers produce lower case) and §5.7 (version 7).
 */
const UuidV7 = Schema.String.pipe(
  Schema.pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, {
    identifier: "UuidV7",
    description: "a lower-case UUID of version 7",
    arbitrary: () => (fc) => fc.uuid({ version: 7 })
  })
)

/** One order; also the subject of every message about it. */
export const OrderId = UuidV7.pipe(Schema.brand("OrderId")).annotations(documentedAs("OrderId"))
export type OrderId = typeof OrderId.Type

/** The payment of one order; it has an attempt for every time the customer pressed the button. */
export const PaymentId = UuidV7.pipe(Schema.brand("PaymentId")).annotations(documentedAs("PaymentId"))
export type PaymentId = typeof PaymentId.Type

/** One refund that we owe. The provider's own id of a refund is not one of these. */
export const RefundId = UuidV7.pipe(Schema.brand("RefundId")).annotations(documentedAs("RefundId"))
export type RefundId = typeof RefundId.Type

/** One parcel. */
export const ShipmentId = UuidV7.pipe(Schema.brand("ShipmentId")).annotations(documentedAs("ShipmentId"))
export type ShipmentId = typeof ShipmentId.Type

/**
 * Whoever places orders: the `sub` of a bearer token, 1 to 128 printable characters.
 * Control and format characters, line separators and lone surrogates are refused: they cannot be stored or read safely.
 */
export const CustomerId = Schema.String.pipe(
  Schema.pattern(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u, {
    identifier: "CustomerId",
    description: "1 to 128 printable characters",
    arbitrary: () => (fc) => fc.stringMatching(/^[!-~]{1,128}$/)
  }),
  Schema.brand("CustomerId")
).annotations(documentedAs("CustomerId"))
export type CustomerId = typeof CustomerId.Type

/** A stock keeping unit: 1 to 64 letters, digits, dots, underscores and hyphens. */
export const Sku = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9._-]{1,64}$/, {
    identifier: "Sku",
    description: "1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'"
  }),
  Schema.brand("Sku")
).annotations(documentedAs("Sku"))
export type Sku = typeof Sku.Type

/**
 * The provider's name for a way to pay, such as `pm_1PgrXY` or `pm_card_visa`. The prefix is demanded so that a card
 * number, which must never enter, is never taken for one.
 */
export const PaymentMethodId = Schema.String.pipe(
  Schema.pattern(/^[a-z]+_[A-Za-z0-9_]{1,240}$/, {
    identifier: "PaymentMethodId",
    description: "a payment method's id at the provider, such as pm_card_visa"
  }),
  Schema.brand("PaymentMethodId")
).annotations(documentedAs("PaymentMethodId"))
export type PaymentMethodId = typeof PaymentMethodId.Type

/** A fresh order id; ids made one after the other in one process sort in that order, as do those below. */
export const newOrderId: Effect.Effect<OrderId> = Effect.sync(() => OrderId.make(Uuid.fresh(), true))

/** A fresh payment id. */
export const newPaymentId: Effect.Effect<PaymentId> = Effect.sync(() => PaymentId.make(Uuid.fresh(), true))

/** A fresh refund id. */
export const newRefundId: Effect.Effect<RefundId> = Effect.sync(() => RefundId.make(Uuid.fresh(), true))

/** A fresh shipment id. */
export const newShipmentId: Effect.Effect<ShipmentId> = Effect.sync(() => ShipmentId.make(Uuid.fresh(), true))
