import { Either } from "effect"
import { attempt, type Confirmation, type Quirk } from "./Attempt.ts"
import type { Decided, Tables } from "./Decision.ts"
import type { Happening } from "./Event.ts"
import * as Form from "./Form.ts"
import * as IntentForm from "./IntentForm.ts"
import * as Params from "./Params.ts"
import { type IntentRecord, methodOf, statusOf } from "./PaymentIntent.ts"
import * as PaymentMethods from "./PaymentMethods.ts"
import type { Stamp } from "./Stamp.ts"
import { invalid, missing, refused, type WireError } from "./WireError.ts"

/** `POST /v1/payment_intents`. With `confirm` the answer is that of the attempt; a decline leaves the intent behind, retrievable. */
export const create = (tables: Tables, form: Form.Form, stamp: Stamp, quirk?: Quirk): Decided =>
  Either.gen(function*() {
    yield* Params.accept(form, IntentForm.createParameters)
    const draft = yield* IntentForm.readDraft(form, stamp)
    const confirmation = yield* IntentForm.readConfirmation(form, quirk)
    const confirm = yield* Params.boolean(form, "confirm")
    const reference = Form.get(form, "payment_method")
    const method = reference === undefined ? null : yield* PaymentMethods.resolve(tables, reference, stamp)
    if (method !== null) yield* PaymentMethods.forIntent(tables, method, draft.id)
    const intent: IntentRecord = {
      ...draft,
      progress: method === null ?
        { _tag: "RequiresPaymentMethod", error: null } :
        { _tag: "RequiresConfirmation", method }
    }
    const created: Happening = { _tag: "IntentEvent", type: "payment_intent.created", object: intent }
    if (!confirm) {
      return { put: method === null ? [intent] : [method, intent], tell: [created], answer: intent }
    }
    if (method === null) {
      return yield* Either.left(withoutMethod(undefined))
    }
    yield* checkReturnUrl(intent, confirmation)
    const attempted = attempt(intent, method, confirmation, stamp)
    return { ...attempted, tell: [created, ...attempted.tell] }
  })

/** `POST /v1/payment_intents/:id/confirm`. After a decline the same intent may be confirmed with another payment method. */
export const confirm = (tables: Tables, id: string, form: Form.Form, stamp: Stamp, quirk?: Quirk): Decided =>
  Either.gen(function*() {
    const intent = yield* existing(tables, id)
    yield* Params.accept(form, IntentForm.confirmParameters)
    const confirmation = yield* IntentForm.readConfirmation(form, quirk)
    const reference = Form.get(form, "payment_method")
    const method = reference === undefined ? methodOf(intent) : yield* PaymentMethods.resolve(tables, reference, stamp)
    yield* checkConfirmable(intent)
    if (method === null) {
      return yield* Either.left(withoutMethod(intent))
    }
    yield* PaymentMethods.forIntent(tables, method, id)
    const captureMethod = (yield* IntentForm.readCaptureMethod(form)) ?? intent.captureMethod
    const changed = { ...intent, captureMethod, ...Params.texts(form, IntentForm.confirmTexts) }
    yield* checkReturnUrl(changed, confirmation)
    return attempt(changed, method, confirmation, stamp)
  })

/** The intent of this id, or Stripe's 404. */
export const existing = (tables: Tables, id: string): Either.Either<IntentRecord, WireError> =>
  Either.fromNullable(tables.intents.get(id), () => missing("payment_intent", id, "intent"))

const checkReturnUrl = (intent: IntentRecord, { returnUrl }: Confirmation): Params.Read<void> =>
  intent.methods._tag === "Automatic" && intent.methods.redirects === "always" && returnUrl === null
    ? Either.left(invalid(
      "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment " +
        "methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept " +
        "redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and " +
        "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
    ))
    : Either.right(undefined)

const checkConfirmable = (intent: IntentRecord): Params.Read<void> => {
  const status = statusOf(intent)
  if (status === "succeeded") {
    return Either.left(unexpected(
      "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
      intent
    ))
  }
  return status === "canceled" || status === "requires_capture" || status === "processing"
    ? Either.left(unexpected(
      `You cannot confirm this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the ` +
        "following statuses may be confirmed: requires_confirmation, requires_action.",
      intent
    ))
    : Either.right(undefined)
}

const withoutMethod = (intent: IntentRecord | undefined): WireError =>
  unexpected(
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with " +
      "a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
    intent
  )

const unexpected = (message: string, intent: IntentRecord | undefined): WireError =>
  refused(message, { code: "payment_intent_unexpected_state", ...(intent === undefined ? {} : { intent }) })
