import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore, refuse, tooEarly } from "@quartet/messaging/Decision"
import type { DateTime } from "effect"
import { Match, Option, Schema } from "effect"
import * as Command from "./Command.ts"
import * as Event from "./Event.ts"
import type { IntentId } from "./Intent.ts"
import type { Policy } from "./Policy.ts"
import { askAgain, askSlowly } from "./Policy.ts"
import type { Refund } from "./Refund.ts"
import { remaining } from "./Refund.ts"
import type { PaymentRejection } from "./Rejection.ts"
import { NothingToRefund, RefundInOtherCurrency, RefundNotOwed, RefundUnknown } from "./Rejection.ts"
import type { OpenedPayment, State, Succeeded } from "./State.ts"
import { intentIdOf, openedOf } from "./State.ts"

type Decided = Decision<Event.PaymentEvent, PaymentRejection>

export const isRefundCommand = Schema.is(Command.RefundCommand)

const asBefore = (): Decided => ignore("already known")
const stale = (): Decided => ignore("the refund is settled, or a later question is under way")
const notOurs = (): Decided => ignore("no such refund is known")

/** What is given back: once for each cause, never more than was taken, and as the provider tells it. */
export const decideRefund = (
  policy: Policy,
  state: State,
  command: Command.RefundCommand,
  now: DateTime.Utc
): Decided =>
  Match.valueTags(command, {
    RequestRefund: (c) => request(state, c),
    BeginRefund: (c) =>
      onRefund(state, c, (refund) =>
        isOpen(refund) && refund.try === c.try && Option.isNone(refund.begunAt)
          ? accept(Event.RefundBegun.make({ orderId: c.orderId, refundId: c.refundId, at: now }))
          : stale()),
    RecordRefund: (c) => record(policy, state, c, now),
    RecordRefundUnknown: (c) =>
      onRefund(state, c, (refund) => {
        const { orderId, refundId, why } = c
        const next = (c.fault ? askSlowly : askAgain)(policy, c.try, now)
        return isOpen(refund) && refund.try === c.try
          ? accept(Event.RefundUnknown.make({ orderId, refundId, why, next }))
          : stale()
      }),
    RecordAlreadyRefunded: ({ orderId, refundId }) =>
      onRefund(state, { refundId }, (refund) =>
        refund.status === "Requested"
          ? accept(Event.RefundSucceeded.make({ orderId, refundId, providerId: Option.none() }))
          : stale()),
    RecordRefundRefused: ({ orderId, reason, refundId }) =>
      onRefund(state, { refundId }, (refund) =>
        refund.status === "Requested"
          ? accept(Event.RefundFailed.make({ orderId, refundId, reason, providerId: Option.none() }))
          : stale()),
    SettleRefund: (c) => settle(state, c)
  })

/** Never more than is left of what was taken: other refunds may have returned it meanwhile. */
const settle = (state: State, { because, orderId, refundId, settledBy }: Command.SettleRefund): Decided => {
  const payment = Option.getOrUndefined(openedOf(state))
  const refund = payment?.refunds.find((one) => one.refundId === refundId)
  if (payment === undefined || refund === undefined) return refuse(new RefundUnknown({ refundId }))
  const { amount, intentId, settlement, status } = refund
  if (Option.isSome(settlement)) return asBefore()
  const isOwed = status === "Failed" &&
    Option.exists(intentId, (intent) => amount.amount <= owedOf(payment, intent))
  return isOwed
    ? accept(Event.RefundSettled.make({ orderId, refundId, because, settledBy }))
    : refuse(new RefundNotOwed({ refundId, status }))
}

/** What may still go back of an intent; a second one took as much as its own refund says. */
const owedOf = (payment: OpenedPayment, intentId: IntentId): number => {
  if (!Option.contains(intentIdOf(payment), intentId)) return Number.MAX_SAFE_INTEGER
  return remaining(payment.refunds, intentId, payment._tag === "Mismatched" ? payment.taken : payment.charge.amount)
}

const isOpen = ({ status }: Refund): boolean => status === "Requested" || status === "Pending"

const onRefund = (
  state: State,
  { refundId }: Pick<Refund, "refundId">,
  then: (refund: Refund) => Decided
): Decided =>
  Option.match(Option.flatMapNullable(openedOf(state), ({ refunds }) => refunds.find((r) => r.refundId === refundId)), {
    onNone: notOurs,
    onSome: then
  })

const request = (state: State, c: Command.RequestRefund): Decided => {
  const { amount, orderId, reason: cause, refundId } = c
  const noMoney = ({ refunds }: OpenedPayment): Decided =>
    isAskedFor(refunds, c) ? asBefore() : accept(Event.RefundUnfounded.make({ orderId, refundId, cause, amount }))
  const later = ({ refunds }: OpenedPayment): Decided =>
    amount.amount === 0 || isAskedFor(refunds, c)
      ? asBefore()
      : accept(Event.RefundWanted.make({ orderId, refundId, cause, amount }))
  return Match.valueTags(state, {
    Absent: () => tooEarly("no payment of this order is known"),
    Forbidden: () => refuse(new NothingToRefund({ orderId, asked: amount })),
    Opened: later,
    Charging: later,
    ActionRequired: later,
    Cancelling: later,
    Closing: noMoney,
    Failed: noMoney,
    Succeeded: (succeeded) => requestOf(succeeded, c),
    Mismatched: ({ intentId, refunds }) =>
      isAskedFor(refunds, c)
        ? asBefore()
        : accept(Event.RefundCovered.make({ orderId, refundId, cause, amount, intentId }))
  })
}

/** Each cause is good for one refund, but for an operator, who may give one part after the other. */
const isAskedFor = (refunds: ReadonlyArray<Refund>, { reason, refundId }: Command.RequestRefund): boolean =>
  refunds.some((refund) => refund.refundId === refundId || (reason !== "operator" && refund.cause === reason))

/** Everything but an operator's part wants all that is left; a part is given as it is, or not at all. */
const requestOf = ({ charge, intentId, refunds }: Succeeded, c: Command.RequestRefund): Decided => {
  const { amount, orderId, reason: cause, refundId } = c
  const taken = charge.amount
  if (isAskedFor(refunds, c)) return asBefore()
  if (amount.currency !== taken.currency) return refuse(new RefundInOtherCurrency({ orderId, asked: amount, taken }))
  const left = remaining(refunds, intentId, taken)
  const about = { orderId, refundId, cause, intentId }
  if (cause === "operator" && amount.amount > left) {
    return accept(Event.RefundDenied.make({ ...about, amount, reason: "more_than_is_left" }))
  }
  if (left === 0) return accept(Event.RefundCovered.make({ ...about, amount }))
  const given = { ...taken, amount: Math.min(amount.amount, left) }
  return accept(Event.RefundRequested.make({ ...about, amount: given }))
}

/** The provider's word on a refund; one that is none of ours was made over there, and is noted. */
const record = (policy: Policy, state: State, c: Command.RecordRefund, now: DateTime.Utc): Decided => {
  const opened = Option.getOrUndefined(openedOf(state))
  if (opened === undefined) return ignore("no payment of this order was asked for")
  const refund = opened.refunds.find(({ providerId, refundId }) =>
    Option.contains(c.refund.ours, refundId) || Option.contains(providerId, c.refund.id)
  )
  return refund === undefined ? mirror(opened, c) : follow(policy, refund, c, now)
}

const mirror = (state: OpenedPayment, { orderId, refund, refundId }: Command.RecordRefund): Decided => {
  const { amount, id: providerId, intentId, status } = refund
  if (!Option.contains(intentIdOf(state), intentId)) return ignore("a refund of money that is not this payment's")
  if (status === "failed" || status === "canceled") return ignore("a refund made at the provider came to nothing")
  return accept(
    Event.RefundMirrored.make({
      orderId,
      refundId,
      providerId,
      intentId,
      amount,
      status: status === "succeeded" ? "Succeeded" : "Pending"
    })
  )
}

const follow = (policy: Policy, refund: Refund, c: Command.RecordRefund, now: DateTime.Utc): Decided => {
  const { orderId } = c
  const { failure, id: providerId, status } = c.refund
  const { refundId } = refund
  const open = isOpen(refund)
  const succeeded = () =>
    open
      ? accept(Event.RefundSucceeded.make({ orderId, refundId, providerId: Option.some(providerId) }))
      : asBefore()
  const failed = () =>
    open || refund.status === "Succeeded"
      ? accept(Event.RefundFailed.make({ orderId, refundId, reason: failure, providerId: Option.some(providerId) }))
      : asBefore()
  const pending = () => {
    const next = Option.filterMap(
      c.asked,
      (asked) =>
        asked === refund.try && refund.cause !== "made_at_provider"
          ? Option.some(askAgain(policy, asked, now))
          : Option.none()
    )
    return refund.status === "Requested" || (open && Option.isSome(next))
      ? accept(Event.RefundPending.make({ orderId, refundId, providerId, next }))
      : asBefore()
  }
  return Match.value(status).pipe(
    Match.when("succeeded", succeeded),
    Match.whenOr("failed", "canceled", failed),
    Match.whenOr("pending", "requires_action", pending),
    Match.exhaustive
  )
}
