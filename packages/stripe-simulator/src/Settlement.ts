import { Either } from "effect"
import { charge, failAuthentication, refuse } from "./Attempt.ts"
import type { ChargeRecord } from "./Charge.ts"
import type { Decided, Tables } from "./Decision.ts"
import { genericDecline } from "./Declines.ts"
import type * as Form from "./Form.ts"
import * as Params from "./Params.ts"
import { type IntentRecord, methodOf, statusOf } from "./PaymentIntent.ts"
import { existing } from "./PaymentIntents.ts"
import type { Stamp } from "./Stamp.ts"
import { refused, type WireError } from "./WireError.ts"

/** `POST /v1/payment_intents/:id/cancel`. Money that was only reserved is let go. */
export const cancel = (tables: Tables, id: string, form: Form.Form, stamp: Stamp): Decided =>
  Either.gen(function*() {
    const intent = yield* existing(tables, id)
    yield* Params.accept(form, new Set(["cancellation_reason", "expand[*]"]))
    const reason = yield* Params.oneOf(form, "cancellation_reason", cancellationReasons)
    const { progress } = intent
    if (progress._tag === "Succeeded" || progress._tag === "Canceled") {
      return yield* Either.left(unexpected("cancel", "canceled", intent, cancelable))
    }
    const canceled: IntentRecord = {
      ...intent,
      progress: { _tag: "Canceled", method: methodOf(intent), at: stamp.now, reason: reason ?? null }
    }
    const reserved = progress._tag === "RequiresCapture" ? latestCharge(tables, intent) : undefined
    const released = reserved === undefined ? undefined : { ...reserved, refunded: reserved.amount }
    return {
      put: released === undefined ? [canceled] : [released, canceled],
      tell: [
        ...(released === undefined || reserved === undefined
          ? []
          : [
            { _tag: "ChargeEvent", type: "charge.refunded", object: released, before: reserved } satisfies ChargeChange
          ]),
        { _tag: "IntentEvent", type: "payment_intent.canceled", object: canceled }
      ],
      answer: canceled
    }
  })

/** `POST /v1/payment_intents/:id/capture`, of the whole amount: taking a part of it is not offered. */
export const capture = (tables: Tables, id: string, form: Form.Form): Decided =>
  Either.gen(function*() {
    const intent = yield* existing(tables, id)
    yield* Params.accept(form, new Set(["expand[*]"]))
    const { progress } = intent
    const reserved = latestCharge(tables, intent)
    if (progress._tag !== "RequiresCapture" || reserved === undefined) {
      return yield* Either.left(unexpected("capture", "captured", intent, ["requires_capture"]))
    }
    const taken: ChargeRecord = { ...reserved, captured: reserved.amount }
    const paid: IntentRecord = {
      ...intent,
      progress: { _tag: "Succeeded", method: progress.method, received: intent.amount }
    }
    return {
      put: [taken, paid],
      tell: [
        { _tag: "ChargeEvent", type: "charge.captured", object: taken, before: reserved },
        { _tag: "IntentEvent", type: "payment_intent.succeeded", object: paid }
      ],
      answer: paid
    }
  })

/** The customer went through 3-D Secure, which in a live run happens in the browser. */
export const authenticate = (tables: Tables, id: string, outcome: "succeeded" | "failed", stamp: Stamp): Decided =>
  Either.flatMap(existing(tables, id), (intent) =>
    intent.progress._tag !== "RequiresAction"
      ? Either.left(unexpected("authenticate", "authenticated", intent, ["requires_action"]))
      : Either.right(
        outcome === "succeeded"
          ? charge(intent, intent.progress.method, stamp)
          : failAuthentication(intent, intent.progress.method)
      ))

/** What was being processed is decided, which in a live run takes the bank hours or days. */
export const settle = (tables: Tables, id: string, outcome: "succeeded" | "failed", stamp: Stamp): Decided =>
  Either.flatMap(existing(tables, id), (intent) =>
    intent.progress._tag !== "Processing"
      ? Either.left(unexpected("settle", "settled", intent, ["processing"]))
      : Either.right(
        outcome === "succeeded"
          ? charge(intent, intent.progress.method, stamp, false)
          : refuse(intent, intent.progress.method, genericDecline, stamp)
      ))

interface ChargeChange {
  readonly _tag: "ChargeEvent"
  readonly type: "charge.refunded"
  readonly object: ChargeRecord
  readonly before: ChargeRecord
}

const cancellationReasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"]

const cancelable = [
  "requires_payment_method",
  "requires_capture",
  "requires_confirmation",
  "requires_action",
  "processing"
]

const latestCharge = (tables: Tables, intent: IntentRecord): ChargeRecord | undefined =>
  intent.latestCharge === null ? undefined : tables.charges.get(intent.latestCharge)

const unexpected = (
  verb: string,
  participle: string,
  intent: IntentRecord,
  statuses: ReadonlyArray<string>
): WireError =>
  refused(
    `You cannot ${verb} this PaymentIntent because it has a status of ${statusOf(intent)}. ` +
      `Only a PaymentIntent with one of the following statuses may be ${participle}: ${statuses.join(", ")}.`,
    { code: "payment_intent_unexpected_state", intent }
  )
