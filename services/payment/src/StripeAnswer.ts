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

type Failure = Unknown | OurFault

/**
 * What an error of the SDK means. The HTTP status tells: 402 is the issuer's word, a 400 that names the payment method
 * is final, and whatever is not certain is unknown. Source: Stripe, "Error handling".
 */
export const ofChargeError = (error: unknown): ChargeOutcome => {
  if (!(error instanceof Stripe.errors.StripeError)) return Unknown({ why: "the call broke off", answered: false })
  const { payment_intent: intent, statusCode } = error
  if (statusCode === 402) {
    const told = intent === undefined ? undefined : ofIntent(intent)
    return told?._tag === "IntentAnswer" ? told : ChargeRefused({ reason: toReason(declineOf(error)) })
  }
  // Confirmed, cancelled or paid meanwhile: the intent in the error says how it is now.
  if (statusCode === 400 && error.code === "payment_intent_unexpected_state" && intent !== undefined) {
    return ofIntent(intent)
  }
  if (isOfOtherMode(error)) return otherMode
  if (statusCode === 400 && isAboutPaymentMethod(error)) return ChargeRefused({ reason: "invalid_payment_method" })
  return failureOf(error)
}

export const ofRefundError = (error: unknown): RefundOutcome => {
  if (!(error instanceof Stripe.errors.StripeError)) return Unknown({ why: "the call broke off", answered: false })
  if (error.code === "charge_already_refunded") return AlreadyRefunded()
  if (isOfOtherMode(error)) return otherMode
  const { code, param, rawType, statusCode } = error
  const failure = failureOf(error)
  const isOurs = rawType === "idempotency_error" || (code ?? "").startsWith("parameter_")
  const isFinal = statusCode === 402 || (statusCode === 400 && !isOurs && failure._tag === "OurFault")
  return isFinal ? RefundRefused({ reason: code ?? param ?? "refused" }) : failure
}

/**
 * A key of the live mode asks for an object of the test mode, or the other way round. That is no word on the customer, whose
 * object is there (H55). Nothing but the text of the error says so.
 */
const isOfOtherMode = ({ code, message }: InstanceType<typeof Stripe.errors.StripeError>): boolean =>
  code === "resource_missing" && /similar object exists in (live|test) mode/.test(message) && !namesTestMethod(message)

/**
 * Whether what was not found is a method that the provider publishes for tests, as `pm_card_visa`: a word follows where
 * the ids of all others have a number. Anybody may send one to a live key, so it says nothing about the key, and must not
 * stop the payments of others. Source: Stripe, "Testing", PaymentMethods.
 */
const namesTestMethod = (message: string): boolean =>
  /'[a-z]+_[A-Za-z]\w*'; a similar object exists in test/.test(message)

const otherMode = OurFault({ why: "the key is of the other mode than the object" })

const declineOf = ({ code, decline_code }: InstanceType<typeof Stripe.errors.StripeError>) => ({
  code: code ?? null,
  decline_code: decline_code ?? null
})

/**
 * Of a method that was used up by another payment, or belongs to somebody's account, the provider names no parameter, or
 * another one: nothing but the text of the error says so. Whoever pays can send such a method, so it is no fault of ours (H194).
 */
const isAboutPaymentMethod = (
  { code, message, param }: InstanceType<typeof Stripe.errors.StripeError>
): boolean =>
  param === "payment_method" || (code ?? "").startsWith("payment_method_") ||
  code === "payment_intent_incompatible_payment_method" ||
  /PaymentMethod was previously used|payment_method` parameter supplied \S+ belongs to/.test(message)

/** Only status, code and class are repeated: the provider's text may hold what nobody should read in a log. */
const failureOf = (error: InstanceType<typeof Stripe.errors.StripeError>): Failure => {
  const { code, statusCode, type } = error
  const why = [statusCode, type, code].filter((part) => part !== undefined).join(" ")
  const isUncertain = statusCode === undefined || statusCode >= 500 || statusCode === 409 || statusCode === 429 ||
    type === "StripeRateLimitError"
  return isUncertain ? Unknown({ why, answered: (statusCode ?? 0) >= 500 }) : OurFault({ why })
}
