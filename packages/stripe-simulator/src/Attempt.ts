import type { ChargeRecord } from "./Charge.ts"
import type { Decision } from "./Decision.ts"
import { authenticationNotHandled, authenticationRequired, type Decline, declineOf } from "./Declines.ts"
import type { DisputeRecord } from "./Dispute.ts"
import type { Happening } from "./Event.ts"
import type { IntentRecord, PaymentError } from "./PaymentIntent.ts"
import { disputes, type PaymentMethodRecord } from "./PaymentMethod.ts"
import { idOf, type Stamp } from "./Stamp.ts"
import { needsAuthentication } from "./TestCards.ts"
import { declined } from "./WireError.ts"

/** How the merchant wants an attempt made, and what the provider makes of it unasked. */
export interface Confirmation {
  readonly returnUrl: string | null
  readonly offSession: boolean
  readonly errorOnRequiresAction: boolean
  readonly quirk: Quirk | undefined
}

/** A charge that the card would have allowed turns out otherwise. */
export type Quirk = "processing" | "requires_capture" | "other_amount"

/** One attempt to charge the intent's amount to this payment method: a charge, a challenge or a decline. */
export const attempt = (
  intent: IntentRecord,
  untried: PaymentMethodRecord,
  confirmation: Confirmation,
  stamp: Stamp
): Decision => {
  const method: PaymentMethodRecord = { ...untried, triedFor: intent.id }
  const decline = refusalOf(method.token, confirmation)
  if (decline !== undefined) {
    return turnDown(intent, method, decline, stamp)
  }
  if (needsAuthentication(method.token)) {
    return challenge(intent, method, confirmation)
  }
  switch (confirmation.quirk) {
    case "processing":
      return think(intent, method)
    case "requires_capture":
      return charge(intent, method, stamp, true)
    case "other_amount":
      return charge({ ...intent, amount: intent.amount + 1 }, method, stamp)
    case undefined:
      return charge(intent, method, stamp)
  }
}

/** Takes the money, or only reserves it, which is what manual capture asks for. */
export const charge = (
  intent: IntentRecord,
  method: PaymentMethodRecord,
  stamp: Stamp,
  reserve = intent.captureMethod === "manual"
): Decision => {
  const taken = chargeOf(intent, method, stamp, reserve ? 0 : intent.amount, null)
  const paid: IntentRecord = {
    ...intent,
    latestCharge: taken.id,
    progress: reserve
      ? { _tag: "RequiresCapture", method }
      : { _tag: "Succeeded", method, received: intent.amount }
  }
  const dispute = disputes(method.token) ? disputeOf(taken, stamp) : undefined
  return {
    put: dispute === undefined ? [method, taken, paid] : [method, { ...taken, disputed: true }, paid, dispute],
    tell: [
      { _tag: "ChargeEvent", type: "charge.succeeded", object: taken },
      {
        _tag: "IntentEvent",
        type: reserve ? "payment_intent.amount_capturable_updated" : "payment_intent.succeeded",
        object: paid
      },
      ...(dispute === undefined ? [] : [disputed(dispute)])
    ],
    answer: paid
  }
}

/** The issuer said no, at once or after some thought: a charge that failed, and an intent that says why. */
export const refuse = (intent: IntentRecord, method: PaymentMethodRecord, decline: Decline, stamp: Stamp) => {
  const refused = chargeOf(intent, method, stamp, 0, decline)
  const error: PaymentError = { type: "card_error", ...decline, charge: refused.id, method }
  const failed = withError({ ...intent, latestCharge: refused.id }, error)
  const tell: ReadonlyArray<Happening> = [
    { _tag: "ChargeEvent", type: "charge.failed", object: refused },
    intentFailed(failed)
  ]
  return { put: [method, refused, failed], tell, answer: failed, error }
}

/** The intent is back where it needs a payment method, and says why. No charge comes of a failed authentication. */
export const failAuthentication = (intent: IntentRecord, method: PaymentMethodRecord): Decision => {
  const failed = withError(intent, {
    type: "invalid_request_error",
    code: "payment_intent_authentication_failure",
    declineCode: null,
    message: "The provided PaymentMethod has failed authentication. " +
      "You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
    charge: null,
    method
  })
  return { put: [failed], tell: [intentFailed(failed)], answer: failed }
}

const refusalOf = (token: string, { errorOnRequiresAction, offSession }: Confirmation): Decline | undefined => {
  if (!needsAuthentication(token)) {
    return declineOf(token)
  }
  if (offSession) {
    return authenticationRequired
  }
  return errorOnRequiresAction ? authenticationNotHandled : undefined
}

const challenge = (intent: IntentRecord, method: PaymentMethodRecord, { returnUrl }: Confirmation): Decision => {
  const waiting: IntentRecord = { ...intent, progress: { _tag: "RequiresAction", method, returnUrl } }
  return {
    put: [method, waiting],
    tell: [{ _tag: "IntentEvent", type: "payment_intent.requires_action", object: waiting }],
    answer: waiting
  }
}

const turnDown = (intent: IntentRecord, method: PaymentMethodRecord, decline: Decline, stamp: Stamp): Decision => {
  const { answer, error, put, tell } = refuse(intent, method, decline, stamp)
  return { put, tell, answer: declined(error, answer) }
}

/** Nobody knows yet; the answer comes later. */
const think = (intent: IntentRecord, method: PaymentMethodRecord): Decision => {
  const processing: IntentRecord = { ...intent, progress: { _tag: "Processing", method } }
  return {
    put: [method, processing],
    tell: [{ _tag: "IntentEvent", type: "payment_intent.processing", object: processing }],
    answer: processing
  }
}

const disputeOf = (charge: ChargeRecord, stamp: Stamp): DisputeRecord => ({
  _tag: "Dispute",
  id: idOf(stamp, "du_1"),
  created: stamp.now,
  amount: charge.amount,
  currency: charge.currency,
  charge: charge.id,
  intent: charge.intent
})

const disputed = (object: DisputeRecord): Happening => ({
  _tag: "DisputeEvent",
  type: "charge.dispute.created",
  object
})

const intentFailed = (object: IntentRecord): Happening => ({
  _tag: "IntentEvent",
  type: "payment_intent.payment_failed",
  object
})

const withError = (intent: IntentRecord, error: PaymentError): IntentRecord => ({
  ...intent,
  progress: { _tag: "RequiresPaymentMethod", error }
})

/** A charge repeats the intent's descriptive fields as they were when it was made. */
const chargeOf = (
  intent: IntentRecord,
  method: PaymentMethodRecord,
  stamp: Stamp,
  captured: number,
  failure: ChargeRecord["failure"]
): ChargeRecord => ({
  _tag: "Charge",
  id: idOf(stamp, "ch_3"),
  created: stamp.now,
  amount: intent.amount,
  captured,
  refunded: 0,
  currency: intent.currency,
  intent: intent.id,
  method,
  metadata: intent.metadata,
  ...(intent.customer === undefined ? {} : { customer: intent.customer }),
  ...(intent.description === undefined ? {} : { description: intent.description }),
  ...(intent.receiptEmail === undefined ? {} : { receiptEmail: intent.receiptEmail }),
  ...(intent.statementDescriptor === undefined ? {} : { statementDescriptor: intent.statementDescriptor }),
  ...(intent.statementDescriptorSuffix === undefined
    ? {}
    : { statementDescriptorSuffix: intent.statementDescriptorSuffix }),
  failure
})
