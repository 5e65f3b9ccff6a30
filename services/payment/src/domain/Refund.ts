import type { OrderId } from "@quartet/contracts/Ids"
import { RefundId } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
import { Schema } from "effect"
import { IntentId, ProviderRefundId } from "./Intent.ts"

/** Why money goes back: what the order asks for, and three causes of our own. */
export const RefundCause = Schema.Literal(
  "late_payment",
  "cancelled_after_payment",
  "stock_lost",
  "operator",
  "unknown",
  "amount_mismatch",
  "extra_charge",
  "made_at_provider"
)
export type RefundCause = typeof RefundCause.Type

/**
 * `Wanted`: the money is not here yet. `Requested`: the provider is to be asked. `Pending`: it said yes and has not
 * finished. `Covered`: all money went to other refunds before.
 */
export const RefundStatus = Schema.Literal("Wanted", "Requested", "Pending", "Succeeded", "Covered", "Failed")
export type RefundStatus = typeof RefundStatus.Type

/** Why an operator says that the money is back, and who that was. */
export const Settlement = Schema.Struct({ because: Schema.NonEmptyString, settledBy: Schema.NonEmptyString })
export type Settlement = typeof Settlement.Type

/** Money on its way back, wholly or in part. `begunAt` is when the provider was first asked. */
export class Refund extends Schema.Class<Refund>("Refund")({
  refundId: RefundId,
  cause: RefundCause,
  amount: Money,
  status: RefundStatus,
  try: Schema.Int,
  intentId: Schema.OptionFromNullOr(IntentId),
  providerId: Schema.OptionFromNullOr(ProviderRefundId),
  begunAt: Schema.OptionFromNullOr(Schema.DateTimeUtc),
  /** A refund that failed, and that somebody paid back by another way. */
  settlement: Schema.OptionFromNullOr(Settlement)
}) {}

/** One key for each order and cause; money of a second intent and each refund of an operator's have one of their own. */
export const keyOf = (
  orderId: OrderId,
  { cause, refundId }: Pick<Refund, "cause" | "refundId">,
  intentId: IntentId
) => {
  if (cause === "extra_charge") return `refund:${orderId}:${cause}:${intentId}`
  return cause === "operator" ? `refund:${orderId}:${cause}:${refundId}` : `refund:${orderId}:${cause}`
}

const sum = (refunds: ReadonlyArray<Refund>): number => refunds.reduce((total, { amount }) => total + amount.amount, 0)

const of = (refunds: ReadonlyArray<Refund>, intentId: IntentId, ...statuses: ReadonlyArray<RefundStatus>) =>
  refunds.filter((refund) =>
    statuses.includes(refund.status) && refund.intentId._tag === "Some" && refund.intentId.value === intentId
  )

/** What went back of this intent's money by another way than the provider's, in minor units. */
export const settled = (refunds: ReadonlyArray<Refund>, intentId: IntentId): number =>
  sum(of(refunds, intentId, "Failed").filter(({ settlement }) => settlement._tag === "Some"))

/** What the provider has agreed to give back of this intent's money, and what went back by hand, in minor units. */
export const returned = (refunds: ReadonlyArray<Refund>, intentId: IntentId): number =>
  sum(of(refunds, intentId, "Pending", "Succeeded")) + settled(refunds, intentId)

/** What may still be asked back of this intent's money, in minor units; never below nothing. */
export const remaining = (refunds: ReadonlyArray<Refund>, intentId: IntentId, taken: Money): number =>
  Math.max(
    0,
    taken.amount - sum(of(refunds, intentId, "Requested", "Pending", "Succeeded")) - settled(refunds, intentId)
  )
