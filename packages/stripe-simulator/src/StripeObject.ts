import { Match, Schema } from "effect"
import type Stripe from "stripe"
import * as Charge from "./Charge.ts"
import * as Dispute from "./Dispute.ts"
import * as PaymentIntent from "./PaymentIntent.ts"
import * as PaymentMethod from "./PaymentMethod.ts"
import * as Refund from "./Refund.ts"

/** Anything the ledger keeps. Records are small and never change; a change is a new record under the same id. */
export const ObjectRecord = Schema.Union(
  PaymentIntent.IntentRecord,
  Charge.ChargeRecord,
  Refund.RefundRecord,
  Dispute.DisputeRecord,
  PaymentMethod.PaymentMethodRecord
)
export type ObjectRecord = typeof ObjectRecord.Type

export type Rendered = Stripe.PaymentIntent | Stripe.Charge | Stripe.Refund | Stripe.Dispute | Stripe.PaymentMethod

/** The object as the wire shows it. Depends on the record alone, so an old record renders to the same bytes again. */
export const toStripe = (record: ObjectRecord): Rendered =>
  Match.valueTags(record, {
    PaymentIntent: PaymentIntent.toStripe,
    Charge: Charge.toStripe,
    Refund: Refund.toStripe,
    Dispute: Dispute.toStripe,
    PaymentMethod: PaymentMethod.toStripe
  })

/** The id under each property of an object that `expand` may replace by the object itself. */
export const expandable = (record: ObjectRecord): Readonly<Record<string, string | null>> =>
  Match.valueTags(record, {
    PaymentIntent: (intent) => ({
      latest_charge: intent.latestCharge,
      payment_method: PaymentIntent.methodOf(intent)?.id ?? null
    }),
    Charge: (charge) => ({ payment_intent: charge.intent }),
    Refund: (refund) => ({ charge: refund.charge, payment_intent: refund.intent }),
    Dispute: (dispute) => ({ charge: dispute.charge, payment_intent: dispute.intent }),
    PaymentMethod: () => ({})
  })
