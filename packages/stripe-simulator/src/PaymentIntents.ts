import { Either } from "effect"
import { attempt, type Confirmation, type Quirk } from "./Attempt.ts"
import type { Decided, Tables } from "./Decision.ts"
import type { Happening } from "./Event.ts"
import * as Form from "./Form.ts"
import * as Money from "./Money.ts"
import * as Params from "./Params.ts"
import { type IntentRecord, methodOf, statusOf } from "./PaymentIntent.ts"
import * as PaymentMethods from "./PaymentMethods.ts"
import { idOf, type Stamp } from "./Stamp.ts"
import { invalid, missing, refused, type WireError } from "./WireError.ts"

/** `POST /v1/payment_intents`. With `confirm` the answer is that of the attempt; a decline leaves the intent behind, retrievable. */
export const create = (tables: Tables, form: Form.Form, stamp: Stamp, quirk?: Quirk): Decided =>
  Either.gen(function*() {
    yield* Params.accept(form, createParameters)
    const draft = yield* readDraft(form, stamp)
    const confirmation = yield* readConfirmation(form, quirk)
    const confirm = yield* Params.boolean(form, "confirm")
    const reference = Form.get(form, "payment_method")
    const method = reference === undefined ? null : yield* PaymentMethods.resolve(tables, reference, stamp)
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
    yield* Params.accept(form, confirmParameters)
    const confirmation = yield* readConfirmation(form, quirk)
    const reference = Form.get(form, "payment_method")
    const method = reference === undefined ? methodOf(intent) : yield* PaymentMethods.resolve(tables, reference, stamp)
    yield* checkConfirmable(intent)
    if (method === null) {
      return yield* Either.left(withoutMethod(intent))
    }
    const captureMethod = (yield* readCaptureMethod(form)) ?? intent.captureMethod
    const changed = { ...intent, captureMethod, ...Params.texts(form, confirmTexts) }
    yield* checkReturnUrl(changed, confirmation)
    return attempt(changed, method, confirmation, stamp)
  })

/** The intent of this id, or Stripe's 404. */
export const existing = (tables: Tables, id: string): Either.Either<IntentRecord, WireError> =>
  Either.fromNullable(tables.intents.get(id), () => missing("payment_intent", id, "intent"))

const confirmTexts = { receiptEmail: "receipt_email", setupFutureUsage: "setup_future_usage" }

const descriptiveTexts = {
  ...confirmTexts,
  customer: "customer",
  description: "description",
  statementDescriptor: "statement_descriptor",
  statementDescriptorSuffix: "statement_descriptor_suffix"
}

const confirmParameters: ReadonlySet<string> = new Set([
  "capture_method",
  "error_on_requires_action",
  "expand[*]",
  "off_session",
  "payment_method",
  "return_url",
  ...Object.values(confirmTexts)
])

const createParameters: ReadonlySet<string> = new Set([
  ...confirmParameters,
  "allowed_payment_method_types[*]",
  "amount",
  "automatic_payment_methods[allow_redirects]",
  "automatic_payment_methods[enabled]",
  "confirm",
  "currency",
  "metadata[*]",
  "payment_method_types[*]",
  ...Object.values(descriptiveTexts)
])

const readDraft = (form: Form.Form, stamp: Stamp) =>
  Either.gen(function*() {
    const amount = yield* Params.required(form, "amount")
    const currency = yield* Either.flatMap(Params.required(form, "currency"), Money.currency)
    return {
      _tag: "PaymentIntent",
      id: idOf(stamp, "pi_3"),
      secret: stamp.secret,
      created: stamp.now,
      amount: yield* Money.chargeable(amount, currency),
      currency,
      captureMethod: (yield* readCaptureMethod(form)) ?? defaultCaptureMethod(stamp),
      methods: yield* readMethods(form),
      metadata: yield* Params.metadata(form),
      ...Params.texts(form, descriptiveTexts),
      latestCharge: null
    } satisfies Omit<IntentRecord, "progress">
  })

const defaultCaptureMethod = ({ version }: Stamp): IntentRecord["captureMethod"] =>
  version < "2024-04-10" ? "automatic" : "automatic_async"

const readCaptureMethod = (form: Form.Form) =>
  Params.oneOf<IntentRecord["captureMethod"]>(form, "capture_method", ["automatic", "automatic_async", "manual"])

/** Without a list of types the dashboard decides, as Stripe does since version 2023-08-16. */
const readMethods = (form: Form.Form): Params.Read<IntentRecord["methods"]> =>
  Either.gen(function*() {
    const allowed = yield* readTypes(form, "allowed_payment_method_types")
    const listed = yield* readTypes(form, "payment_method_types")
    const enabled = yield* Params.boolean(form, "automatic_payment_methods[enabled]")
    const redirects = yield* Params.oneOf<"always" | "never">(form, "automatic_payment_methods[allow_redirects]", [
      "always",
      "never"
    ])
    if (listed.length > 0 && (enabled || allowed.length > 0)) {
      return yield* Either.left(invalid(
        `You may only specify one of these parameters: ${
          enabled ? "automatic_payment_methods" : "allowed_payment_method_types"
        }, payment_method_types.`,
        { code: "parameters_exclusive" }
      ))
    }
    return chosen(allowed, listed, redirects)
  })

const chosen = (
  allowed: ReadonlyArray<string>,
  listed: ReadonlyArray<string>,
  redirects: "always" | "never" | undefined
): IntentRecord["methods"] => {
  if (listed.length > 0) {
    return { _tag: "Listed", types: listed }
  }
  return allowed.length > 0
    ? { _tag: "Allowed", types: allowed }
    : { _tag: "Automatic", redirects: redirects ?? "always" }
}

const readTypes = (form: Form.Form, name: string): Params.Read<ReadonlyArray<string>> => {
  const types = Form.list(form, name)
  const unsupported = types.find((type) => type !== "card")
  return unsupported === undefined
    ? Either.right(types)
    : Either.left(invalid(`The payment method type provided: ${unsupported} is invalid.`, {
      code: "payment_intent_invalid_parameter",
      param: name
    }))
}

/** `off_session` is a boolean or names the reason why the customer is away. */
const readConfirmation = (form: Form.Form, quirk: Quirk | undefined): Params.Read<Confirmation> =>
  Either.map(Params.boolean(form, "error_on_requires_action"), (errorOnRequiresAction) => ({
    returnUrl: Form.get(form, "return_url") ?? null,
    offSession: !["", "false"].includes((Form.get(form, "off_session") ?? "").toLowerCase()),
    errorOnRequiresAction,
    quirk
  }))

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
