import {
  PaymentActionRequired,
  PaymentCancelDue,
  PaymentChargeDue,
  PaymentFailed,
  PaymentRefundDue,
  PaymentRefunded,
  PaymentRefundFailed,
  PaymentRefundSettled,
  PaymentSucceeded
} from "@quartet/contracts/PaymentMessages"
import type { Outgoing } from "@quartet/messaging/Message"
import { Match, Option } from "effect"
import type { Books, BooksEvent } from "./domain/Books.ts"
import { paymentOf } from "./domain/Books.ts"
import type { Look } from "./domain/Charge.ts"
import type { PaymentEvent, RefundEvent } from "./domain/Event.ts"
import type { CallPutOff } from "./domain/PutOff.ts"
import { timesOf } from "./domain/PutOff.ts"
import type { Refund } from "./domain/Refund.ts"
import type { OpenedPayment } from "./domain/State.ts"
import { openedOf } from "./domain/State.ts"

type Said = ReadonlyArray<Outgoing>
const nothing = (): Said => []

/** Who needs to hear of this event? */
export const say = (event: BooksEvent, after: Books): Said => {
  if (event._tag === "EventHeard") return []
  if (event._tag === "CallPutOff") return [sameLater(event)]
  return Option.match(openedOf(paymentOf(after, event.orderId)), {
    onNone: nothing,
    onSome: (payment) => "refundId" in event ? sayRefund(event, payment) : sayPayment(event, payment)
  })
}

/** The same question again, which knows how often it was put off. */
const sameLater = ({ errand, until }: CallPutOff): Outgoing => {
  const putOff = timesOf(errand) + 1
  return Match.valueTags(errand, {
    Charge: ({ due }) => PaymentChargeDue.later({ ...due, putOff }, until),
    Cancel: ({ due }) => PaymentCancelDue.later({ ...due, putOff }, until),
    Refund: ({ due }) => PaymentRefundDue.later({ ...due, putOff }, until)
  })
}

const namesOf = ({ charge, orderId }: OpenedPayment) => ({
  orderId,
  paymentId: charge.paymentId,
  attempt: charge.attempt
})

const chargeDue = (payment: OpenedPayment, { due, try: turn }: Look): Outgoing =>
  PaymentChargeDue.later({ ...namesOf(payment), try: turn }, due)

const cancelDue = ({ charge, orderId }: OpenedPayment): Outgoing =>
  PaymentCancelDue.say({ orderId, paymentId: charge.paymentId, try: 1 })

const sayPayment = (event: Exclude<PaymentEvent, RefundEvent>, payment: OpenedPayment): Said =>
  Match.valueTags(event, {
    PaymentForbidden: nothing,
    PaymentOpened: () => [PaymentChargeDue.say({ ...namesOf(payment), try: 1 })],
    ChargeBegun: nothing,
    CancellationWanted: nothing,
    IntentSeen: ({ next }) => Option.toArray(Option.map(next, (look) => chargeDue(payment, look))),
    OutcomeUnknown: ({ next }) => [chargeDue(payment, next)],
    AttemptParked: nothing,
    ActionAsked: ({ next, nextAction }) => [
      PaymentActionRequired.say({ ...namesOf(payment), nextAction }),
      ...Option.toArray(Option.map(next, (look) => chargeDue(payment, look)))
    ],
    CancelStarted: () => [cancelDue(payment)],
    CancelUnknown: ({ next }) => {
      const { orderId, paymentId } = namesOf(payment)
      return [PaymentCancelDue.later({ orderId, paymentId, try: next.try }, next.due)]
    },
    PaymentFailed: ({ open, reason }) => [
      ...payment.refunds.flatMap((refund) => refund.status === "Wanted" ? [unfounded(payment, refund)] : []),
      PaymentFailed.say({ ...namesOf(payment), reason }),
      ...(Option.isSome(open) ? [cancelDue(payment)] : [])
    ],
    IntentClosed: nothing,
    PaymentSucceeded: () => [PaymentSucceeded.say({ ...namesOf(payment), amount: payment.charge.amount })],
    AmountMismatched: ({ told }) => told ? [] : [PaymentFailed.say({ ...namesOf(payment), reason: "amount_mismatch" })]
  })

const sayRefund = (event: RefundEvent, payment: OpenedPayment): Said => {
  const { orderId, refundId } = event
  const { paymentId } = payment.charge
  const refund = payment.refunds.find((one) => one.refundId === refundId)
  const later = ({ due, try: turn }: Look) => PaymentRefundDue.later({ orderId, refundId, try: turn }, due)
  const refunded = () => refund === undefined ? [] : [refundedOf(payment, refund)]
  const failed = ({ reason }: { readonly reason: string }) => {
    if (refund === undefined) return []
    const { amount } = refund
    return [PaymentRefundFailed.say({ orderId, paymentId, refundId: nameOf(refund), amount, reason })]
  }
  return Match.valueTags(event, {
    RefundWanted: nothing,
    RefundRequested: () => [PaymentRefundDue.say({ orderId, refundId, try: 1 })],
    RefundCovered: refunded,
    RefundDenied: failed,
    RefundUnfounded: (wanted) => [unfounded(payment, wanted)],
    RefundBegun: nothing,
    RefundUnknown: ({ next }) => [later(next)],
    RefundPending: ({ next }) => Option.toArray(Option.map(next, later)),
    RefundSucceeded: refunded,
    RefundFailed: failed,
    RefundSettled: () => refund === undefined ? [] : [settledOf(payment, refund)],
    RefundMirrored: ({ status }) => status === "Succeeded" ? refunded() : []
  })
}

/** Whoever waits for money to go back that never came hears that it will not. */
const unfounded = (
  { charge, orderId }: OpenedPayment,
  { amount, refundId }: Pick<Refund, "amount" | "refundId">
): Outgoing =>
  PaymentRefundFailed.say({
    orderId,
    paymentId: charge.paymentId,
    refundId,
    amount,
    reason: "no_money_was_taken"
  })

/** A refund made at the provider is known to everybody by the provider's own id. */
const nameOf = ({ cause, providerId, refundId }: Refund): string =>
  cause === "made_at_provider" ? Option.getOrElse(providerId, () => refundId) : refundId

const settledOf = ({ charge, orderId }: OpenedPayment, refund: Refund): Outgoing =>
  PaymentRefundSettled.say({
    orderId,
    paymentId: charge.paymentId,
    refundId: nameOf(refund),
    amount: refund.amount,
    reason: refund.cause
  })

const refundedOf = ({ charge, orderId }: OpenedPayment, refund: Refund): Outgoing => {
  const { amount, cause, status } = refund
  return PaymentRefunded.say({
    orderId,
    paymentId: charge.paymentId,
    refundId: nameOf(refund),
    amount,
    reason: cause,
    ...(status === "Covered" ? { covered: true } : {})
  })
}
