import { Either } from "effect"
import { type ChargeRecord, refundable } from "./Charge.ts"
import type { Decided, Tables } from "./Decision.ts"
import * as Form from "./Form.ts"
import * as Money from "./Money.ts"
import * as Params from "./Params.ts"
import { losesRefunds, refundsSlowly } from "./PaymentMethod.ts"
import type { RefundRecord } from "./Refund.ts"
import { idOf, type Stamp } from "./Stamp.ts"
import { invalid, missing, refused, type WireError } from "./WireError.ts"

/** `POST /v1/refunds`, of a charge or of an intent's charge; without an amount, of all that remains. Never more than the charge. */
export const create = (tables: Tables, form: Form.Form, stamp: Stamp): Decided =>
  Either.gen(function*() {
    yield* Params.accept(form, parameters)
    const asked = Form.get(form, "amount")
    const wanted = asked === undefined ? undefined : yield* Params.positive("amount", asked)
    const reason = yield* Params.oneOf(form, "reason", reasons)
    const metadata = yield* Params.metadata(form)
    const charge = yield* chargeToRefund(tables, form)
    const amount = yield* affordable(charge, wanted)
    const refund: RefundRecord = {
      _tag: "Refund",
      id: idOf(stamp, "re_3"),
      created: stamp.now,
      amount,
      currency: charge.currency,
      charge: charge.id,
      intent: charge.intent,
      status: refundsSlowly(charge.method.token) ? "pending" : "succeeded",
      metadata,
      reason: reason ?? null
    }
    const after: ChargeRecord = { ...charge, refunded: charge.refunded + amount }
    return {
      put: [refund, after],
      tell: [
        { _tag: "RefundEvent", type: "refund.created", object: refund },
        { _tag: "ChargeEvent", type: "charge.refunded", object: after, before: charge }
      ],
      answer: refund
    }
  })

/** The bank sent the money back, which may happen days after a refund was reported as succeeded. */
export const fail = (tables: Tables, id: string): Decided =>
  Either.gen(function*() {
    const refund = yield* existing(tables, id)
    const charge = tables.charges.get(refund.charge)
    if (charge === undefined || refund.status === "failed") {
      return yield* Either.left(refused(`Refund ${id} has already failed.`))
    }
    const failed: RefundRecord = { ...refund, status: "failed" }
    return {
      put: [failed, { ...charge, refunded: charge.refunded - refund.amount }],
      tell: [
        { _tag: "RefundEvent", type: "refund.updated", object: failed },
        { _tag: "RefundEvent", type: "refund.failed", object: failed }
      ],
      answer: failed
    }
  })

/** What the card has in store for its refund happens: a pending one arrives, one of a card that loses refunds comes back. */
export const settle = (tables: Tables, id: string): Decided =>
  Either.flatMap(existing(tables, id), (refund) => {
    const token = tables.charges.get(refund.charge)?.method.token ?? ""
    if (refund.status === "succeeded" && losesRefunds(token)) {
      return fail(tables, id)
    }
    if (refund.status !== "pending") {
      return Either.left(refused(`Refund ${id} is ${refund.status}, and will stay so.`))
    }
    const arrived: RefundRecord = { ...refund, status: "succeeded" }
    return Either.right({
      put: [arrived],
      tell: [{ _tag: "RefundEvent", type: "refund.updated", object: arrived }],
      answer: arrived
    })
  })

/** The refund of this id, or Stripe's 404. */
export const existing = (tables: Tables, id: string): Either.Either<RefundRecord, WireError> =>
  Either.fromNullable(tables.refunds.get(id), () => missing("refund", id, "id"))

const parameters: ReadonlySet<string> = new Set([
  "amount",
  "charge",
  "expand[*]",
  "metadata[*]",
  "payment_intent",
  "reason"
])

const reasons = ["duplicate", "fraudulent", "requested_by_customer"]

const chargeToRefund = (tables: Tables, form: Form.Form): Either.Either<ChargeRecord, WireError> =>
  Either.gen(function*() {
    const chargeId = Form.get(form, "charge")
    const intentId = Form.get(form, "payment_intent")
    if (chargeId === undefined && intentId === undefined) {
      return yield* Either.left(invalid(
        "One of the following params should be provided for this request: payment_intent or charge.",
        { code: "parameter_missing" }
      ))
    }
    const charge = chargeId === undefined
      ? yield* chargeOfIntent(tables, intentId ?? "")
      : yield* Either.fromNullable(tables.charges.get(chargeId), () => missing("charge", chargeId, "charge"))
    if (intentId !== undefined && charge.intent !== intentId) {
      return yield* Either.left(invalid(`Charge ${charge.id} does not belong to payment_intent ${intentId}.`))
    }
    return charge
  })

const chargeOfIntent = (tables: Tables, id: string): Either.Either<ChargeRecord, WireError> =>
  Either.gen(function*() {
    const intent = yield* Either.fromNullable(
      tables.intents.get(id),
      () => missing("payment_intent", id, "payment_intent")
    )
    const charge = intent.latestCharge === null ? undefined : tables.charges.get(intent.latestCharge)
    return charge !== undefined && charge.captured > 0
      ? charge
      : yield* Either.left(refused(`This PaymentIntent (${id}) does not have a successful charge to refund.`))
  })

const affordable = (charge: ChargeRecord, wanted: number | undefined): Either.Either<number, WireError> => {
  if (charge.captured === 0) {
    return Either.left(refused(`Charge ${charge.id} was not captured, so there is nothing to refund.`))
  }
  if (charge.disputed === true) {
    return Either.left(
      refused(`Charge ${charge.id} has been charged back; cannot issue a refund.`, { code: "charge_disputed" })
    )
  }
  const remaining = refundable(charge)
  if (remaining === 0) {
    return Either.left(refused(`Charge ${charge.id} has already been refunded.`, { code: "charge_already_refunded" }))
  }
  if (wanted !== undefined && wanted > remaining) {
    const limit = charge.refunded === 0 ? "charge amount" : "unrefunded amount on charge"
    return Either.left(refused(
      `Refund amount (${Money.format(wanted, charge.currency)}) is greater than ${limit} (${
        Money.format(remaining, charge.currency)
      })`,
      { param: "amount" }
    ))
  }
  return Either.right(wanted ?? remaining)
}
