import { Schema } from "effect"
import * as PaymentIntent from "./PaymentIntent.ts"
import * as PaymentMethod from "./PaymentMethod.ts"

/**
 * A refusal as Stripe answers it. `executed` tells a refusal by a business rule, which is kept under the idempotency key and replayed,
 * from one by validation, after which a corrected request may use the same key.
 */
export const WireError = Schema.TaggedStruct("WireError", {
  status: Schema.Int,
  type: Schema.Literal("invalid_request_error", "card_error", "api_error", "idempotency_error"),
  executed: Schema.Boolean,
  message: Schema.String,
  code: Schema.optional(Schema.String),
  param: Schema.optional(Schema.String),
  declineCode: Schema.optional(Schema.String),
  charge: Schema.optional(Schema.String),
  intent: Schema.optional(PaymentIntent.IntentRecord),
  method: Schema.optional(PaymentMethod.PaymentMethodRecord)
})
export type WireError = typeof WireError.Type

interface Details {
  readonly code?: string
  readonly param?: string
  readonly intent?: PaymentIntent.IntentRecord
}

/** A parameter is missing or malformed. Nothing ran. */
export const invalid = (message: string, details: Details = {}): WireError =>
  refusal(400, "invalid_request_error", false, message, details)

/** The request is well formed, but the object is in no state for it. */
export const refused = (message: string, details: Details = {}): WireError =>
  refusal(400, "invalid_request_error", true, message, details)

/** `noun` as Stripe writes it in the message, `param` the parameter or path segment that named the object. */
export const missing = (noun: string, id: string, param: string, status = 404): WireError =>
  refusal(status, "invalid_request_error", false, `No such ${noun}: '${id}'`, { code: "resource_missing", param })

export const unrecognizedUrl = (method: string, path: string): WireError =>
  refusal(
    404,
    "invalid_request_error",
    false,
    `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`
  )

export const unauthenticated = (message: string): WireError => refusal(401, "invalid_request_error", false, message)

/** A restricted key that may not do this. */
export const forbidden: WireError = refusal(
  403,
  "invalid_request_error",
  false,
  "The provided key does not have the required permissions for this endpoint. Having more permissions would allow this request to continue."
)

/** Same key, but not the same request. */
export const idempotencyConflict = (message: string): WireError => refusal(400, "idempotency_error", false, message)

/** Same key while its first request still runs. */
export const keyInUse = (key: string): WireError =>
  refusal(
    409,
    "invalid_request_error",
    false,
    "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, " +
      `and the other request is still going through): ${key}. Please try again later.`,
    { code: "idempotency_key_in_use" }
  )

export const lockTimeout: WireError = refusal(
  429,
  "invalid_request_error",
  false,
  "This object cannot be accessed right now because another API request or Stripe process is currently accessing it.",
  { code: "lock_timeout" }
)

export const rateLimited: WireError = refusal(
  429,
  "invalid_request_error",
  false,
  "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
  { code: "rate_limit" }
)

export const internal = (executed: boolean): WireError =>
  refusal(500, "api_error", executed, "An unknown error occurred")

/** The issuer said no: the error repeats the intent's last payment error and carries the intent as it is now. */
export const declined = (error: PaymentIntent.PaymentError, intent: PaymentIntent.IntentRecord): WireError => ({
  _tag: "WireError",
  status: 402,
  type: error.type,
  executed: true,
  message: error.message,
  code: error.code,
  ...(error.declineCode === null ? {} : { declineCode: error.declineCode }),
  ...(error.charge === null ? {} : { charge: error.charge }),
  intent,
  method: error.method
})

/** The body of the answer: always JSON with a non-empty `error`, because the SDK takes anything else for a success. */
export const toBody = (error: WireError): { readonly error: object } => ({
  error: {
    ...(error.charge === undefined ? {} : { charge: error.charge }),
    ...(error.code === undefined ? {} : { code: error.code }),
    ...(error.declineCode === undefined ? {} : { decline_code: error.declineCode }),
    ...(error.code === undefined ? {} : { doc_url: PaymentIntent.docUrl(error.code) }),
    message: error.message,
    ...(error.param === undefined ? {} : { param: error.param }),
    ...(error.intent === undefined ? {} : { payment_intent: PaymentIntent.toStripe(error.intent) }),
    ...(error.method === undefined ? {} : { payment_method: PaymentMethod.toStripe(error.method) }),
    type: error.type
  }
})

function refusal(
  status: number,
  type: WireError["type"],
  executed: boolean,
  message: string,
  details: Details = {}
): WireError {
  return { _tag: "WireError", status, type, executed, message, ...details }
}
