import { maximumAmount, Money } from "@quartet/contracts/Money"
import { RefundReason } from "@quartet/contracts/OrderMessages"
import type { Refund, RefundTotals } from "@quartet/contracts/OrderStatus"
import { RefundStatus } from "@quartet/contracts/OrderStatus"
import { Schema } from "effect"
import type { RefundFailed, RefundMade } from "./Event.ts"
import { RefundRequested } from "./Event.ts"

/** One refund of an order; those made at the provider have its id. */
export const OrderRefund = Schema.Struct({
  refundId: Schema.NonEmptyString,
  amount: Money,
  reason: Schema.typeSchema(RefundReason),
  status: RefundStatus
})
export type OrderRefund = typeof OrderRefund.Type
export type Refunds = ReadonlyArray<OrderRefund>

export type RefundEvent = RefundRequested | RefundMade | RefundFailed

/** The refund that an event is about, as the event makes it. */
export const refundOf = (event: RefundEvent): OrderRefund => {
  const { amount, reason, refundId } = event
  return { refundId, amount, reason, status: statusOf(event) }
}

const statusOf = (event: RefundEvent): RefundStatus => {
  if (event._tag === "RefundRequested") return "requested"
  if (event._tag === "RefundFailed") return "failed"
  return event.covered ? "covered" : "refunded"
}

/** The refunds after an event of one of them. */
export const after = (refunds: Refunds, event: RefundEvent): Refunds => {
  const changed = refundOf(event)
  return refunds.some(({ refundId }) => refundId === changed.refundId)
    ? refunds.map((one) => one.refundId === changed.refundId ? changed : one)
    : [...refunds, changed]
}

/** The refunds of the order's own charge, and not of a second one, or of one of another sum. */
const own = (refunds: Refunds, { currency }: Money): Refunds =>
  refunds.filter(({ amount, reason }) => amount.currency === currency && isOwn(reason))

/** Whether a refund for this reason is of the order's own charge. */
export const isOwn = (reason: string): boolean => reason !== "extra_charge" && reason !== "amount_mismatch"

const sumOf = (refunds: Refunds, ...statuses: ReadonlyArray<RefundStatus>): number =>
  refunds.filter(({ status }) => statuses.includes(status)).reduce(
    (sum, { amount }) => Math.min(maximumAmount, sum + amount.amount),
    0
  )

/** What of this money is neither back nor on its way, in minor units. */
export const remaining = (refunds: Refunds, money: Money): number =>
  remainingOf(refunds, money, "requested", "refunded")

/** What of this money is left when refunds of these conditions are taken from it, in minor units. */
export const remainingOf = (refunds: Refunds, money: Money, ...statuses: ReadonlyArray<RefundStatus>): number =>
  Math.max(0, money.amount - sumOf(own(refunds, money), ...statuses))

/** Whether the order itself asked for all of its money, once for whatever cause. */
const isAllAskedFor = (refunds: Refunds): boolean =>
  refunds.some(({ reason }) =>
    reason === "late_payment" || reason === "cancelled_after_payment" || reason === "stock_lost"
  )

interface Charged {
  readonly refund: Refund
  readonly refunds: Refunds
  readonly total: Money
}

/**
 * The request for all that was charged: what others did not give back before, and none where it was asked for already. Of
 * an order from before refunds were told apart no more is known than that there was one.
 */
export const allBack = (
  { refund, refunds, total }: Charged,
  about: Pick<RefundRequested, "orderId" | "refundId" | "reason" | "at">
): ReadonlyArray<RefundRequested> => {
  const amount = remaining(refunds, total)
  const isAsked = isAllAskedFor(refunds) || (refund !== "none" && refunds.length === 0)
  return isAsked || amount === 0 ? [] : [RefundRequested.make({ ...about, amount: { ...total, amount } })]
}

/** All refunds in one word. What failed is back all the same once so much was given by hand at the provider. */
export const wordOf = (refunds: Refunds): Refund => {
  if (refunds.length === 0) return "none"
  if (refunds.some(({ status }) => status === "requested")) return "requested"
  if (refunds.every(({ status }) => status !== "failed")) return "refunded"
  const owed = sumOf(refunds.filter(({ reason }) => reason !== "made_at_provider"), "refunded", "failed")
  const given = sumOf(refunds, "refunded")
  return given > 0 && given >= owed ? "refunded" : "failed"
}

/** How much of the order's own charge is under way, back, and not. */
export const totalsOf = (refunds: Refunds, charged: Money): RefundTotals => {
  const mine = own(refunds, charged)
  const total = (status: RefundStatus): Money => ({ ...charged, amount: sumOf(mine, status) })
  return { requested: total("requested"), refunded: total("refunded"), failed: total("failed") }
}
