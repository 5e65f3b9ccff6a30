import { Schema } from "effect"
import type Stripe from "stripe"
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

export interface Card {
  readonly brand: string
  readonly last4: string
  readonly funding: string
  readonly country: string
}

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

const card = (brand: string, last4: string, funding = "credit", country = "US"): Card => ({
  brand,
  last4,
  funding,
  country
})

const approvedCards: ReadonlyMap<string, Card> = new Map([
  ["pm_card_visa", card("visa", "4242")],
  ["pm_card_visa_debit", card("visa", "5556", "debit")],
  ["pm_card_mastercard", card("mastercard", "4444")],
  ["pm_card_mastercard_debit", card("mastercard", "3222", "debit")],
  ["pm_card_mastercard_prepaid", card("mastercard", "5100", "prepaid")],
  ["pm_card_amex", card("amex", "8431")],
  ["pm_card_discover", card("discover", "9424")],
  ["pm_card_diners", card("diners", "5904")],
  ["pm_card_jcb", card("jcb", "0505", "credit", "JP")],
  ["pm_card_unionpay", card("unionpay", "0005", "credit", "CN")],
  ["pm_card_pendingRefund", card("visa", "7726")],
  ["pm_card_refundFail", card("visa", "5126")],
  ["pm_card_createDispute", card("visa", "0259")]
])

/** Whether a refund to this card takes its time. Source, as for the next two: Stripe, "Test card numbers". */
export const refundsSlowly = (token: string): boolean => token === "pm_card_pendingRefund"

/** Whether a refund to this card comes back some time after it was reported as succeeded. */
export const losesRefunds = (token: string): boolean => token === "pm_card_refundFail"

/** Whether the holder of this card disputes every charge. */
export const disputes = (token: string): boolean => token === "pm_card_createDispute"

/** Whether a charge to this token always succeeds. */
export const approves = (token: string): boolean => approvedCards.has(token)

const cardOf = (token: string): Card =>
  approvedCards.get(token) ?? card("visa", token.length % 2 === 0 ? "0002" : "3220")
