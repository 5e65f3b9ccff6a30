import { Match, Schema } from "effect"
import type Stripe from "stripe"
import * as Charge from "./Charge.ts"
import * as Dispute from "./Dispute.ts"
import * as PaymentIntent from "./PaymentIntent.ts"
import * as Refund from "./Refund.ts"
import { idOf, type Stamp } from "./Stamp.ts"

const IntentEvent = Schema.TaggedStruct("IntentEvent", {
  type: Schema.Literal(
    "payment_intent.created",
    "payment_intent.requires_action",
    "payment_intent.processing",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled"
  ),
  object: PaymentIntent.IntentRecord
})

const ChargeEvent = Schema.TaggedStruct("ChargeEvent", {
  type: Schema.Literal("charge.succeeded", "charge.failed", "charge.captured", "charge.refunded"),
  object: Charge.ChargeRecord,
  /** The same charge before, where the event tells a change. */
  before: Schema.optional(Charge.ChargeRecord)
})

const RefundEvent = Schema.TaggedStruct("RefundEvent", {
  type: Schema.Literal("refund.created", "refund.updated", "refund.failed"),
  object: Refund.RefundRecord
})

const DisputeEvent = Schema.TaggedStruct("DisputeEvent", {
  type: Schema.Literal("charge.dispute.created"),
  object: Dispute.DisputeRecord
})

/** What happened, with a snapshot of the object at that moment. */
export const Happening = Schema.Union(IntentEvent, ChargeEvent, RefundEvent, DisputeEvent)
export type Happening = typeof Happening.Type

export const EventRecord = Schema.Struct({
  id: Schema.String,
  created: Schema.Int,
  requestId: Schema.NullOr(Schema.String),
  key: Schema.NullOr(Schema.String),
  happening: Happening
})
export type EventRecord = typeof EventRecord.Type

/** The version of the API in which events are written, whatever version the request used. */
export const apiVersion = "2026-10-28.endive"

/** The events of one request, numbered so that their ids differ. */
export const record = (happenings: ReadonlyArray<Happening>, stamp: Stamp): ReadonlyArray<EventRecord> =>
  happenings.map((happening, index) => ({
    id: idOf(stamp, `evt_${index}`),
    created: stamp.now,
    requestId: stamp.requestId,
    key: stamp.key,
    happening
  }))

/** The envelope that a webhook carries; the same record gives the same bytes on every delivery. */
export const toStripe = (event: EventRecord): Stripe.Event => {
  const envelope = {
    id: event.id,
    object: "event",
    api_version: apiVersion,
    created: event.created,
    livemode: false,
    pending_webhooks: 1,
    request: { id: event.requestId, idempotency_key: event.key }
  } satisfies Omit<Stripe.EventBase, "type" | "data">
  return Match.valueTags(event.happening, {
    IntentEvent: ({ object, type }): Stripe.Event =>
      ({ ...envelope, type, data: { object: PaymentIntent.toStripe(object) } }) satisfies Stripe.Event,
    ChargeEvent: ({ before, object, type }): Stripe.Event =>
      ({
        ...envelope,
        type,
        data: {
          object: Charge.toStripe(object),
          ...(before === undefined ? {} : { previous_attributes: changed(Charge.toStripe(before), object) })
        }
      }) satisfies Stripe.Event,
    RefundEvent: ({ object, type }): Stripe.Event =>
      ({ ...envelope, type, data: { object: Refund.toStripe(object) } }) satisfies Stripe.Event,
    DisputeEvent: ({ object, type }): Stripe.Event =>
      ({ ...envelope, type, data: { object: Dispute.toStripe(object) } }) satisfies Stripe.Event
  })
}

const changed = (before: Stripe.Charge, now: Charge.ChargeRecord): Partial<Stripe.Charge> => {
  const after = Charge.toStripe(now)
  return {
    ...(before.amount_captured === after.amount_captured ? {} : { amount_captured: before.amount_captured }),
    ...(before.amount_refunded === after.amount_refunded ? {} : { amount_refunded: before.amount_refunded }),
    ...(before.captured === after.captured ? {} : { captured: before.captured }),
    ...(before.refunded === after.refunded ? {} : { refunded: before.refunded })
  }
}
