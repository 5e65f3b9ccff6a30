import { Schema } from "effect"
import type Stripe from "stripe"
import { cardOf } from "./TestCards.ts"
import { whole } from "./Whole.ts"

/**
 * A payment method made from a test token. Only its identity is kept, and the intent that it was tried for first; the card
 * behind it follows from the token.
 */
export const PaymentMethodRecord = Schema.TaggedStruct("PaymentMethod", {
  id: Schema.String,
  token: Schema.String,
  created: Schema.Int,
  triedFor: Schema.optional(Schema.String)
})
export type PaymentMethodRecord = typeof PaymentMethodRecord.Type

export const toStripe = (method: PaymentMethodRecord): Stripe.PaymentMethod =>
  whole<Stripe.PaymentMethod>()({
    id: method.id,
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: billingDetails,
    card: {
      ...cardOf(method.token),
      checks,
      display_brand: cardOf(method.token).brand,
      exp_month: expiry.month,
      exp_year: expiry.year,
      fingerprint: `fp${cardOf(method.token).last4}${cardOf(method.token).brand}`,
      generated_from: null,
      networks: { available: [cardOf(method.token).brand], preferred: null },
      regulated_status: "unregulated",
      three_d_secure_usage: { supported: true },
      wallet: null
    },
    created: method.created,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: "card"
  })

/** The part that a charge repeats under `payment_method_details.card`. */
export const chargedCard = (token: string, amount: number | null): Stripe.Charge.PaymentMethodDetails.Card => ({
  ...cardOf(token),
  amount_authorized: amount,
  authorization_code: amount === null ? null : "123456",
  checks,
  electronic_commerce_indicator: null,
  exp_month: expiry.month,
  exp_year: expiry.year,
  fingerprint: `fp${cardOf(token).last4}${cardOf(token).brand}`,
  installments: null,
  mandate: null,
  network: cardOf(token).brand,
  network_transaction_id: null,
  regulated_status: "unregulated",
  three_d_secure: null,
  transaction_link_id: null,
  wallet: null
})

export const billingDetails: Stripe.PaymentMethod.BillingDetails = {
  address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
  email: null,
  name: null,
  phone: null,
  tax_id: null
}

const checks = { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" }

const expiry = { month: 12, year: 2034 }

/** Whether a refund to this card takes its time. Source, as for the next two: Stripe, "Test card numbers". */
export const refundsSlowly = (token: string): boolean => token === "pm_card_pendingRefund"

/** Whether a refund to this card comes back some time after it was reported as succeeded. */
export const losesRefunds = (token: string): boolean => token === "pm_card_refundFail"

/** Whether the holder of this card disputes every charge. */
export const disputes = (token: string): boolean => token === "pm_card_createDispute"
