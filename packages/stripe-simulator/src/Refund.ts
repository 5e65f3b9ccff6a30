import { Schema } from "effect"
import type Stripe from "stripe"
import { whole } from "./Whole.ts"

/** Money given back. A refund that failed stays on record: its amount no longer counts as refunded. */
export const RefundRecord = Schema.TaggedStruct("Refund", {
  id: Schema.String,
  created: Schema.Int,
  amount: Schema.Int,
  currency: Schema.String,
  charge: Schema.String,
  intent: Schema.String,
  status: Schema.Literal("pending", "succeeded", "failed"),
  metadata: Schema.Record({ key: Schema.String, value: Schema.String }),
  reason: Schema.NullOr(Schema.String)
})
export type RefundRecord = typeof RefundRecord.Type

export const toStripe = (refund: RefundRecord): Stripe.Refund =>
  whole<Stripe.Refund>()({
    id: refund.id,
    object: "refund",
    amount: refund.amount,
    balance_transaction: null,
    charge: refund.charge,
    created: refund.created,
    currency: refund.currency,
    customer: null,
    customer_account: null,
    destination_details: {
      card: { reference_status: "pending", reference_type: "acquirer_reference_number", type: "refund" },
      type: "card"
    },
    ...failure(refund),
    metadata: refund.metadata,
    payment_intent: refund.intent,
    payment_method: null,
    ...pending(refund),
    reason: refund.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: refund.status,
    transfer_reversal: null
  })

const failure = ({ status }: RefundRecord): Pick<Stripe.Refund, "failure_reason"> =>
  status === "failed" ? { failure_reason: "expired_or_canceled_card" } : {}

const pending = ({ status }: RefundRecord): Pick<Stripe.Refund, "pending_reason"> =>
  status === "pending" ? { pending_reason: "processing" } : {}
