import { OrderId } from "@quartet/contracts/Ids"
import { PaymentCancelDue, PaymentChargeDue, PaymentRefundDue } from "@quartet/contracts/PaymentMessages"
import * as Trusted from "@quartet/contracts/Trusted"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore } from "@quartet/messaging/Decision"
import type { DateTime } from "effect"
import { Match, Option, Schema } from "effect"
import type { Policy } from "./Policy.ts"
import { putOffUntil } from "./Policy.ts"
import type { State } from "./State.ts"
import { openedOf } from "./State.ts"

/** A question to the provider, as its timer brought it. */
export const Errand = Schema.Union(
  Schema.TaggedStruct("Charge", { due: Schema.typeSchema(PaymentChargeDue.schema) }),
  Schema.TaggedStruct("Cancel", { due: Schema.typeSchema(PaymentCancelDue.schema) }),
  Schema.TaggedStruct("Refund", { due: Schema.typeSchema(PaymentRefundDue.schema) })
)
export type Errand = typeof Errand.Type

/**
 * The provider cannot be asked now: it is away, or as much is asked of it as may be. The question keeps its number, for it
 * was not asked. `spread` is a number from 0 to 1 that keeps those who wait from coming back all at once.
 */
export class PutOff extends Trusted.TaggedClass<PutOff>()("PutOff", {
  orderId: OrderId,
  errand: Errand,
  notBefore: Schema.OptionFromSelf(Schema.DateTimeUtcFromSelf),
  spread: Schema.Number.pipe(Schema.between(0, 1))
}) {}

/** The same question is due later. */
export class CallPutOff extends Trusted.TaggedClass<CallPutOff>()("CallPutOff", {
  orderId: OrderId,
  errand: Errand,
  until: Schema.DateTimeUtcFromSelf
}) {}

/** What is no longer due is not put off either. Nothing of the payment changes: it waits in the outbox. */
export const decidePutOff = (
  policy: Policy,
  state: State,
  { errand, notBefore, orderId, spread }: PutOff,
  now: DateTime.Utc
): Decision<CallPutOff, never> =>
  isDue(state, errand)
    ? accept(
      CallPutOff.make({
        orderId,
        errand,
        until: putOffUntil(policy, { times: timesOf(errand), notBefore, spread, now })
      })
    )
    : ignore("it is no longer due")

/** How often it was put off before. */
export const timesOf = ({ due }: Errand): number => due.putOff ?? 0

const isDue = (state: State, errand: Errand): boolean =>
  Match.valueTags(errand, {
    Charge: ({ due }) =>
      (state._tag === "Opened" || state._tag === "Charging" || state._tag === "ActionRequired") &&
      state.try === due.try && state.charge.attempt === due.attempt,
    Cancel: ({ due }) => (state._tag === "Cancelling" || state._tag === "Closing") && state.try === due.try,
    Refund: ({ due }) =>
      Option.exists(openedOf(state), ({ refunds }) =>
        refunds.some(({ refundId, status, try: turn }) =>
          refundId === due.refundId && turn === due.try && (status === "Requested" || status === "Pending")
        ))
  })
