import { Schema } from "effect"
import type Stripe from "stripe"
import * as PaymentMethod from "./PaymentMethod.ts"
import { whole } from "./Whole.ts"

/** One attempt to take money from a card. */
export const ChargeRecord = Schema.TaggedStruct("Charge", {
  id: Schema.String,
  created: Schema.Int,
  amount: Schema.Int,
  captured: Schema.Int,
  refunded: Schema.Int,
  currency: Schema.String,
  intent: Schema.String,
  method: PaymentMethod.PaymentMethodRecord,
  metadata: Schema.Record({ key: Schema.String, value: Schema.String }),
  /** The holder of the card wants the money back through the bank. */
  disputed: Schema.optional(Schema.Boolean),
  customer: Schema.optional(Schema.String),
  description: Schema.optional(Schema.String),
  receiptEmail: Schema.optional(Schema.String),
  statementDescriptor: Schema.optional(Schema.String),
  statementDescriptorSuffix: Schema.optional(Schema.String),
  failure: Schema.NullOr(Schema.Struct({
    code: Schema.String,
    declineCode: Schema.String,
    message: Schema.String
  }))
})
export type ChargeRecord = typeof ChargeRecord.Type

/** What can still be given back, in minor units. */
export const refundable = (charge: ChargeRecord): number => charge.captured - charge.refunded

export const toStripe = (charge: ChargeRecord): Stripe.Charge =>
  whole<Stripe.Charge>()({
    id: charge.id,
    object: "charge",
    ...unused,
    amount: charge.amount,
    amount_captured: charge.captured,
    amount_refunded: charge.refunded,
    calculated_statement_descriptor: charge.statementDescriptor ?? "QUARTET",
    captured: charge.captured > 0,
    created: charge.created,
    currency: charge.currency,
    customer: charge.customer ?? null,
    description: charge.description ?? null,
    disputed: charge.disputed === true,
    failure_code: charge.failure?.code ?? null,
    failure_message: charge.failure?.message ?? null,
    metadata: charge.metadata,
    outcome: outcomeOf(charge),
    paid: charge.failure === null,
    payment_intent: charge.intent,
    payment_method: charge.method.id,
    payment_method_details: {
      card: PaymentMethod.chargedCard(charge.method.token, charge.failure === null ? charge.amount : null),
      type: "card"
    },
    receipt_email: charge.receiptEmail ?? null,
    refunded: charge.refunded >= charge.amount,
    statement_descriptor: charge.statementDescriptor ?? null,
    statement_descriptor_suffix: charge.statementDescriptorSuffix ?? null,
    status: charge.failure === null ? "succeeded" : "failed"
  })

/** What a plain card charge never has. */
const unused = {
  application: null,
  application_fee: null,
  application_fee_amount: null,
  balance_transaction: null,
  billing_details: PaymentMethod.billingDetails,
  failure_balance_transaction: null,
  fraud_details: {},
  livemode: false,
  on_behalf_of: null,
  receipt_number: null,
  receipt_url: null,
  review: null,
  shipping: null,
  source: null,
  source_transfer: null,
  transfer_data: null,
  transfer_group: null
} satisfies Partial<Stripe.Charge>

const outcomeOf = (charge: ChargeRecord): Stripe.Charge.Outcome =>
  charge.failure === null ?
    {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: "approved_by_network",
      reason: null,
      risk_level: "normal",
      risk_score: 20,
      seller_message: "Payment complete.",
      type: "authorized"
    } :
    {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: "declined_by_network",
      reason: charge.failure.declineCode,
      risk_level: "normal",
      risk_score: 20,
      seller_message: "The bank did not accept this payment.",
      type: "issuer_declined"
    }
