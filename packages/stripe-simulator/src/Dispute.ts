import { Schema } from "effect"
import type Stripe from "stripe"
import { whole } from "./Whole.ts"

/** The holder of a card asks the bank for a charge's money. Nothing is given back by it; that is for the merchant to see to. */
export const DisputeRecord = Schema.TaggedStruct("Dispute", {
  id: Schema.String,
  created: Schema.Int,
  amount: Schema.Int,
  currency: Schema.String,
  charge: Schema.String,
  intent: Schema.String
})
export type DisputeRecord = typeof DisputeRecord.Type

export const toStripe = (dispute: DisputeRecord): Stripe.Dispute =>
  whole<Stripe.Dispute>()({
    id: dispute.id,
    object: "dispute",
    amount: dispute.amount,
    balance_transactions: [],
    charge: dispute.charge,
    created: dispute.created,
    currency: dispute.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence,
    evidence_details: {
      due_by: dispute.created + answerWithinSeconds,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: "not_submitted"
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: dispute.intent,
    reason: "fraudulent",
    status: "needs_response"
  })

const answerWithinSeconds = 7 * 24 * 60 * 60

const noEvidence: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null
}
