import type { PaymentId, RefundId } from "@quartet/contracts/Ids"
import { Either, Option } from "effect"
import Stripe from "stripe"
import type { ChargeOutcome, RefundOutcome } from "./Outcome.ts"
import {
  AlreadyRefunded,
  ChargeRefused,
  IntentAnswer,
  NotFound,
  OurFault,
  RefundAnswer,
  RefundRefused,
  Unknown
} from "./Outcome.ts"
import { readIntent, readRefund, toReason } from "./StripeObject.ts"

/** The SDK takes a refusal without an error in it for a success, so even a success is read with care. */
export const ofIntent = (object: unknown): ChargeOutcome =>
  Either.match(readIntent(object), {
    onLeft: (why) => Unknown({ why, answered: true }),
    onRight: ({ what }) => IntentAnswer({ intent: what })
  })

export const ofRefund = (object: unknown): RefundOutcome =>
  Either.match(readRefund(object), {
    onLeft: (why) => Unknown({ why, answered: true }),
    onRight: ({ what }) => RefundAnswer({ refund: what })
  })

/** Of all intents with our order in their metadata the one of this payment; one that took money before any other. */
export const foundIntent = (objects: ReadonlyArray<unknown>, paymentId: PaymentId): ChargeOutcome => {
  const ours = objects.flatMap((object) => Option.toArray(Either.getRight(readIntent(object)))).filter((said) =>
    said.metadata["paymentId"] === paymentId
  )
  const found = ours.find(({ what }) => what.status === "succeeded") ??
    ours.find(({ what }) => what.status !== "canceled") ?? ours[0]
  return found === undefined ? NotFound() : IntentAnswer({ intent: found.what })
}

export const foundRefund = (objects: ReadonlyArray<unknown>, refundId: RefundId): RefundOutcome => {
  const found = objects.flatMap((object) => Option.toArray(Either.getRight(readRefund(object)))).find(({ what }) =>
    Option.contains(what.ours, refundId)
  )
  return found === undefined ? NotFound() : RefundAnswer({ refund: found.what })
}

type StripeError = InstanceType<typeof Stripe.errors.StripeError>

/**
 * What an error of the SDK means for a charge. A refusal of everything is our fault; any other refusal is final for this
 * charge, and says nothing about the next one. Source: Stripe, "Error handling".
 */
export const ofChargeError = (error: unknown): ChargeOutcome => {
  if (!(error instanceof Stripe.errors.StripeError)) return brokenOff
  const { payment_intent: intent, statusCode } = error
  if (isOfOtherMode(error)) return otherMode
  if (statusCode === 402) {
    const told = intent === undefined ? undefined : ofIntent(intent)
    return told?._tag === "IntentAnswer"
      ? told
      : ChargeRefused({ reason: toReason(declineOf(error)), alert: Option.none() })
  }
  return changedMeanwhile(error) ?? withoutAnswer(error) ?? refusedCharge(error)
}

/** What an error means for a question about an intent, or its cancellation: a refusal does not settle the charge. */
export const ofIntentError = (error: unknown): ChargeOutcome =>
  error instanceof Stripe.errors.StripeError
    ? changedMeanwhile(error) ?? withoutAnswer(error) ?? refusedQuestion(error)
    : brokenOff

/** What an error means for a refund: unless everything is refused, this refund has failed. */
export const ofRefundError = (error: unknown): RefundOutcome => {
  if (!(error instanceof Stripe.errors.StripeError)) return brokenOff
  if (error.code === "charge_already_refunded") return AlreadyRefunded()
  return withoutAnswer(error) ?? RefundRefused({ reason: error.code ?? error.param ?? "refused" })
}

/** What an error means for the list of an intent's refunds: a refusal does not settle the refund. */
export const ofRefundListError = (error: unknown): RefundOutcome =>
  error instanceof Stripe.errors.StripeError ? withoutAnswer(error) ?? refusedQuestion(error) : brokenOff

const brokenOff = Unknown({ why: "the call broke off", answered: false })

/** Confirmed, cancelled or paid meanwhile: the intent in the error says how it is now. */
const changedMeanwhile = (error: StripeError): ChargeOutcome | undefined =>
  error.statusCode === 400 && error.code === "payment_intent_unexpected_state" && error.payment_intent !== undefined
    ? ofIntent(error.payment_intent)
    : undefined

/** What settles nothing: nobody knows the outcome, everything is refused, or the key belongs to another request. */
const withoutAnswer = (error: StripeError): Unknown | OurFault | undefined => {
  const why = wordOf(error)
  if (isUncertain(error)) return Unknown({ why, answered: (error.statusCode ?? 0) >= 500 })
  if (isOfOtherMode(error)) return otherMode
  if (refusesEverything(error)) return OurFault({ why, refuses: "everything" })
  // Under this key something else was asked for, which may have taken money.
  return error.rawType === "idempotency_error" ? OurFault({ why, refuses: "request" }) : undefined
}

const refusedCharge = (error: StripeError): ChargeOutcome =>
  isAboutPaymentMethod(error)
    ? ChargeRefused({ reason: "invalid_payment_method", alert: Option.none() })
    : ChargeRefused({ reason: "refused", alert: Option.some(wordOf(error)) })

const refusedQuestion = (error: StripeError): NotFound | OurFault =>
  error.statusCode === 404 ? NotFound() : OurFault({ why: wordOf(error), refuses: "request" })

const isUncertain = ({ statusCode, type }: StripeError): boolean =>
  statusCode === undefined || statusCode >= 500 || statusCode === 409 || statusCode === 429 ||
  type === "StripeRateLimitError"

/** The statuses with which the provider refuses one request for what it asks. Any other one comes from our side of it. */
const ofOneRequest: ReadonlySet<number> = new Set([400, 402, 404, 422])

/**
 * Codes with which every request would be refused: parameters that this version of the API does not have, and keys or
 * accounts that may not charge. Source: Stripe, "Error codes".
 */
const ofEveryRequest: ReadonlySet<string> = new Set([
  "parameter_unknown",
  "livemode_mismatch",
  "testmode_charges_only",
  "secret_key_required",
  "platform_api_key_expired",
  "api_key_expired",
  "account_invalid",
  "not_allowed_on_standard_account",
  "tls_version_unsupported",
  "url_invalid"
])

/** For a version that is no longer there, and for an address that never was, there is no code: the text says so. */
const refusesEverything = ({ code, message, statusCode }: StripeError): boolean =>
  !ofOneRequest.has(statusCode ?? 0) || ofEveryRequest.has(code ?? "") ||
  /\bAPI version\b|Unrecognized request URL/i.test(message)

/**
 * A key of the live mode asks for an object of the test mode, or the other way round. That is no word on the customer, whose
 * object is there (H55). Nothing but the text of the error says so.
 */
const isOfOtherMode = ({ code, message }: StripeError): boolean =>
  code === "test_mode_live_card" ||
  code === "resource_missing" && /similar object exists in (live|test) mode/.test(message) && !namesTestMethod(message)

/**
 * Whether what was not found is a method that the provider publishes for tests, as `pm_card_visa`: a word follows where
 * the ids of all others have a number. Anybody may send one to a live key, so it says nothing about the key, and must not
 * stop the payments of others. Source: Stripe, "Testing", PaymentMethods.
 */
const namesTestMethod = (message: string): boolean =>
  /'[a-z]+_[A-Za-z]\w*'; a similar object exists in test/.test(message)

const otherMode = OurFault({ why: "the key is of the other mode than the object", refuses: "everything" })

const declineOf = ({ code, decline_code }: StripeError) => ({
  code: code ?? null,
  decline_code: decline_code ?? null
})

/**
 * Of a method that was used up by another payment, or belongs to somebody's account, the provider names no parameter, or
 * another one: nothing but the text of the error says so. Whoever pays can send such a method, so it is no fault of ours (H194).
 */
const isAboutPaymentMethod = (
  { code, message, param }: StripeError
): boolean =>
  param === "payment_method" || (code ?? "").startsWith("payment_method_") ||
  code === "payment_intent_incompatible_payment_method" ||
  /PaymentMethod was previously used|payment_method` parameter supplied \S+ belongs to/.test(message)

/** Only status, code and class are repeated: the provider's text may hold what nobody should read in a log. */
const wordOf = ({ code, statusCode, type }: StripeError): string =>
  [statusCode, type, code].filter((part) => part !== undefined).join(" ")
