import { Either } from "effect"
import type { Confirmation, Quirk } from "./Attempt.ts"
import * as Form from "./Form.ts"
import * as Money from "./Money.ts"
import * as Params from "./Params.ts"
import type { IntentRecord } from "./PaymentIntent.ts"
import { idOf, type Stamp } from "./Stamp.ts"
import { invalid } from "./WireError.ts"

/** The fields of an intent that a confirmation may change, and the parameters that change them. */
export const confirmTexts = { receiptEmail: "receipt_email", setupFutureUsage: "setup_future_usage" }

const descriptiveTexts = {
  ...confirmTexts,
  customer: "customer",
  description: "description",
  statementDescriptor: "statement_descriptor",
  statementDescriptorSuffix: "statement_descriptor_suffix"
}

export const confirmParameters: ReadonlySet<string> = new Set([
  "capture_method",
  "error_on_requires_action",
  "expand[*]",
  "off_session",
  "payment_method",
  "return_url",
  ...Object.values(confirmTexts)
])

export const createParameters: ReadonlySet<string> = new Set([
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

/** The intent that is asked for, without its progress. */
export const readDraft = (form: Form.Form, stamp: Stamp) =>
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

export const readCaptureMethod = (form: Form.Form) =>
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
export const readConfirmation = (form: Form.Form, quirk: Quirk | undefined): Params.Read<Confirmation> =>
  Either.map(Params.boolean(form, "error_on_requires_action"), (errorOnRequiresAction) => ({
    returnUrl: Form.get(form, "return_url") ?? null,
    offSession: !["", "false"].includes((Form.get(form, "off_session") ?? "").toLowerCase()),
    errorOnRequiresAction,
    quirk
  }))
