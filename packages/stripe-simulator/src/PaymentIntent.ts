import { Match, Schema } from "effect"
import type Stripe from "stripe"
import * as PaymentMethod from "./PaymentMethod.ts"
import { whole } from "./Whole.ts"

/** Why the last attempt did not succeed. */
export const PaymentError = Schema.Struct({
  type: Schema.Literal("card_error", "invalid_request_error"),
  code: Schema.String,
  declineCode: Schema.NullOr(Schema.String),
  message: Schema.String,
  charge: Schema.NullOr(Schema.String),
  method: PaymentMethod.PaymentMethodRecord
})
export type PaymentError = typeof PaymentError.Type

/** Where an intent stands, with what is known only there. */
export const Progress = Schema.Union(
  Schema.TaggedStruct("RequiresPaymentMethod", { error: Schema.NullOr(PaymentError) }),
  Schema.TaggedStruct("RequiresConfirmation", { method: PaymentMethod.PaymentMethodRecord }),
  Schema.TaggedStruct("RequiresAction", {
    method: PaymentMethod.PaymentMethodRecord,
    returnUrl: Schema.NullOr(Schema.String)
  }),
  Schema.TaggedStruct("Processing", { method: PaymentMethod.PaymentMethodRecord }),
  Schema.TaggedStruct("RequiresCapture", { method: PaymentMethod.PaymentMethodRecord }),
  Schema.TaggedStruct("Succeeded", { method: PaymentMethod.PaymentMethodRecord, received: Schema.Int }),
  Schema.TaggedStruct("Canceled", {
    method: Schema.NullOr(PaymentMethod.PaymentMethodRecord),
    at: Schema.Int,
    reason: Schema.NullOr(Schema.String)
  })
)
export type Progress = typeof Progress.Type

/**
 * `Automatic` leaves the choice of methods to the dashboard; its default lets them redirect. The SDK since
 * 23.0.0 names a list of types `allowed_payment_method_types`; before, and on older versions of the API, it is `payment_method_types`.
 */
export const Methods = Schema.Union(
  Schema.TaggedStruct("Automatic", { redirects: Schema.Literal("always", "never") }),
  Schema.TaggedStruct("Allowed", { types: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Listed", { types: Schema.Array(Schema.String) })
)

export const CaptureMethod = Schema.Literal("automatic", "automatic_async", "manual")

export const IntentRecord = Schema.TaggedStruct("PaymentIntent", {
  id: Schema.String,
  secret: Schema.String,
  created: Schema.Int,
  amount: Schema.Int,
  currency: Schema.String,
  captureMethod: CaptureMethod,
  methods: Methods,
  metadata: Schema.Record({ key: Schema.String, value: Schema.String }),
  customer: Schema.optional(Schema.String),
  description: Schema.optional(Schema.String),
  receiptEmail: Schema.optional(Schema.String),
  setupFutureUsage: Schema.optional(Schema.String),
  statementDescriptor: Schema.optional(Schema.String),
  statementDescriptorSuffix: Schema.optional(Schema.String),
  latestCharge: Schema.NullOr(Schema.String),
  progress: Progress
})
export type IntentRecord = typeof IntentRecord.Type

/** The word that the wire uses for where the intent stands. */
export const statusOf = (intent: IntentRecord): Stripe.PaymentIntent.Status =>
  Match.valueTags(intent.progress, {
    RequiresPaymentMethod: () => "requires_payment_method",
    RequiresConfirmation: () => "requires_confirmation",
    RequiresAction: () => "requires_action",
    Processing: () => "processing",
    RequiresCapture: () => "requires_capture",
    Succeeded: () => "succeeded",
    Canceled: () => "canceled"
  })

/** The payment method attached now: none after a decline. */
export const methodOf = (intent: IntentRecord): PaymentMethod.PaymentMethodRecord | null =>
  intent.progress._tag === "RequiresPaymentMethod" ? null : intent.progress.method

export const toStripe = (intent: IntentRecord): Stripe.PaymentIntent => {
  const { progress } = intent
  return whole<Stripe.PaymentIntent>()({
    id: intent.id,
    object: "payment_intent",
    ...unused,
    allowed_payment_method_types: intent.methods._tag === "Allowed" ? [...intent.methods.types] : null,
    amount: intent.amount,
    amount_capturable: progress._tag === "RequiresCapture" ? intent.amount : 0,
    amount_received: progress._tag === "Succeeded" ? progress.received : 0,
    automatic_payment_methods: automaticMethods(intent),
    canceled_at: progress._tag === "Canceled" ? progress.at : null,
    cancellation_reason: progress._tag === "Canceled" ? progress.reason : null,
    capture_method: intent.captureMethod,
    client_secret: `${intent.id}_secret_${intent.secret}`,
    created: intent.created,
    currency: intent.currency,
    ...descriptive(intent),
    last_payment_error: lastPaymentError(progress),
    latest_charge: intent.latestCharge,
    next_action: nextAction(intent),
    payment_method: methodOf(intent)?.id ?? null,
    payment_method_types: intent.methods._tag === "Automatic" ? ["card"] : [...intent.methods.types],
    status: statusOf(intent)
  })
}

/** What a wire error carries besides its message; `last_payment_error` is the same with the payment method filled in. */
export const docUrl = (code: string): string => `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}`

const descriptive = (intent: IntentRecord) => ({
  customer: intent.customer ?? null,
  description: intent.description ?? null,
  metadata: intent.metadata,
  receipt_email: intent.receiptEmail ?? null,
  setup_future_usage: intent.setupFutureUsage ?? null,
  statement_descriptor: intent.statementDescriptor ?? null,
  statement_descriptor_suffix: intent.statementDescriptorSuffix ?? null
})

/** What a plain card payment never has, and what it always has. */
const unused = {
  amount_details: { tip: {} },
  application: null,
  application_fee_amount: null,
  confirmation_method: "automatic",
  customer_account: null,
  excluded_payment_method_types: null,
  livemode: false,
  managed_payments: null,
  on_behalf_of: null,
  payment_method_configuration_details: null,
  payment_method_options: {
    card: { installments: null, mandate_options: null, network: null, request_three_d_secure: "automatic" }
  },
  payment_record: null,
  processing: null,
  review: null,
  shipping: null,
  source: null,
  transfer_data: null,
  transfer_group: null
} satisfies Partial<Stripe.PaymentIntent>

const automaticMethods = (intent: IntentRecord): Stripe.PaymentIntent.AutomaticPaymentMethods | null =>
  intent.methods._tag === "Automatic" ? { allow_redirects: intent.methods.redirects, enabled: true } : null

const lastPaymentError = (progress: Progress): Stripe.PaymentIntent.LastPaymentError | null => {
  if (progress._tag !== "RequiresPaymentMethod" || progress.error === null) {
    return null
  }
  const { charge, code, declineCode, message, method, type } = progress.error
  return {
    ...(charge === null ? {} : { charge }),
    code,
    ...(declineCode === null ? {} : { decline_code: declineCode }),
    doc_url: docUrl(code),
    message,
    payment_method: PaymentMethod.toStripe(method),
    type
  }
}

/** With a return address the customer is sent away and back; without one the SDK in the browser is asked to handle it. */
const nextAction = (intent: IntentRecord): Stripe.PaymentIntent.NextAction | null => {
  const { progress } = intent
  if (progress._tag !== "RequiresAction") {
    return null
  }
  return progress.returnUrl === null
    ? { type: "use_stripe_sdk", use_stripe_sdk: { type: "three_d_secure_redirect", source: `src_${intent.id}` } }
    : {
      type: "redirect_to_url",
      redirect_to_url: {
        return_url: progress.returnUrl,
        url: `https://hooks.stripe.com/3d_secure_2/hosted?payment_intent=${intent.id}`
      }
    }
}
