import type { ChargeRecord } from "./Charge.ts"
import type { Decision } from "./Decision.ts"
import {
  authenticationNotHandled,
  authenticationRequired,
  type Decline,
  declineOf,
  needsAuthentication
} from "./Declines.ts"
import type { Happening } from "./Event.ts"
import type { IntentRecord, PaymentError } from "./PaymentIntent.ts"
import type { PaymentMethodRecord } from "./PaymentMethod.ts"
import { idOf, type Stamp } from "./Stamp.ts"
import { declined } from "./WireError.ts"

/** How the merchant wants an attempt made. */
export interface Confirmation {
  readonly returnUrl: string | null
  readonly offSession: boolean
  readonly errorOnRequiresAction: boolean
}

/** One attempt to charge the intent's amount to this payment method: a charge, a challenge or a decline. */
export const attempt = (
  intent: IntentRecord,
  method: PaymentMethodRecord,
  confirmation: Confirmation,
  stamp: Stamp
): Decision => {
  const decline = refusalOf(method.token, confirmation)
  if (decline !== undefined) {
    return turnDown(intent, method, decline, stamp)
  }
  return needsAuthentication(method.token)
    ? challenge(intent, method, confirmation)
    : charge(intent, method, stamp)
}

/** Takes the money, or with manual capture only reserves it. */
export const charge = (intent: IntentRecord, method: PaymentMethodRecord, stamp: Stamp): Decision => {
  const manual = intent.captureMethod === "manual"
  const taken = chargeOf(intent, method, stamp, manual ? 0 : intent.amount, null)
  const paid: IntentRecord = {
    ...intent,
    latestCharge: taken.id,
    progress: manual
      ? { _tag: "RequiresCapture", method }
      : { _tag: "Succeeded", method, received: intent.amount }
  }
  return {
    put: [method, taken, paid],
    tell: [
      { _tag: "ChargeEvent", type: "charge.succeeded", object: taken },
      {
        _tag: "IntentEvent",
        type: manual ? "payment_intent.amount_capturable_updated" : "payment_intent.succeeded",
        object: paid
      }
    ],
    answer: paid
  }
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
  const refused = chargeOf(intent, method, stamp, 0, decline)
  const error: PaymentError = { type: "card_error", ...decline, charge: refused.id, method }
  const failed = withError({ ...intent, latestCharge: refused.id }, error)
  return {
    put: [method, refused, failed],
    tell: [{ _tag: "ChargeEvent", type: "charge.failed", object: refused }, intentFailed(failed)],
    answer: declined(error, failed)
  }
}

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
