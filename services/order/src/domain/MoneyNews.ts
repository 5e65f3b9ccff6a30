import type { Money } from "@quartet/contracts/Money"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore, refuse, tooEarly } from "@quartet/messaging/Decision"
import type { DateTime } from "effect"
import { Match, Option } from "effect"
import type {
  RecordActionRequired,
  RecordPayment,
  RecordPaymentFailure,
  RecordRefund,
  RecordRefundFailure,
  RecordRefundSettlement
} from "./Command.ts"
import type { RefundRequested } from "./Event.ts"
import { ActionRequired, PaymentFailed, PaymentReceived, RefundFailed, RefundMade } from "./Event.ts"
import { alreadyKnown, alreadyOver, notRequestedYet, unknownOrder } from "./News.ts"
import type { OrderRefund } from "./Refund.ts"
import { allBack, isOwn, remainingOf } from "./Refund.ts"
import { PaymentNotRequested, PaymentOfOtherAmount, RefundInOtherCurrency, RefundTooLarge } from "./Rejection.ts"
import type { Cancelled, Failed, Order, State } from "./State.ts"

/** The charge waits for the customer. */
export const actionRequired = (
  order: State,
  { attempt, nextAction, orderId }: RecordActionRequired,
  at: DateTime.Utc
): Decision<ActionRequired, never> => {
  const isShown = (shown: typeof nextAction) => shown.type === nextAction.type && shown.url === nextAction.url
  const paidBefore = () => ignore("the payment went through")
  return Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: notRequestedYet,
    Reserved: notRequestedYet,
    PaymentPending: (pending): Decision<ActionRequired, never> =>
      pending.attempt !== attempt
        ? otherAttempt()
        : Option.exists(pending.nextAction, isShown)
        ? alreadyKnown()
        : accept(ActionRequired.make({ orderId, nextAction, at })),
    Paid: paidBefore,
    Shipped: paidBefore,
    Failed: alreadyOver,
    Cancelled: alreadyOver
  })
}

type MoneyRefusal = PaymentNotRequested | PaymentOfOtherAmount | RefundInOtherCurrency | RefundTooLarge

/**
 * The money is ours: it pays the order exactly, or, coming too late, goes back. The order owes no more than its own request
 * can have taken. Anything else that is said to have come is refused, so that a person sees the message.
 */
export const succeeded = (
  order: State,
  { amount, orderId, refundId }: RecordPayment,
  at: DateTime.Utc
): Decision<PaymentReceived | RefundRequested, MoneyRefusal> => {
  type Decided = Decision<PaymentReceived | RefundRequested, MoneyRefusal>
  const ifExact = (total: Money, decided: () => Decided): Decided =>
    isSame(amount, total) ? decided() : refuse(new PaymentOfOtherAmount({ orderId, amount, total }))
  const known = ({ total }: Order) => ifExact(total, alreadyKnown)
  const goesBack = (order: Failed | Cancelled): Decided => {
    if (!order.paymentRequested) return refuse(new PaymentNotRequested({ orderId, amount }))
    return ifExact(order.total, () => {
      const back = allBack(order, { orderId, refundId, reason: "late_payment", at })
      return back.length === 0 ? ignore("a refund is known already") : accept(...back)
    })
  }
  return Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: notRequestedYet,
    Reserved: notRequestedYet,
    PaymentPending: ({ total }) => ifExact(total, () => accept(PaymentReceived.make({ orderId, at }))),
    Paid: known,
    Shipped: known,
    Failed: goesBack,
    Cancelled: goesBack
  })
}

/** No money came. That of another attempt, or after success, means nothing any more. */
export const failed = (
  order: State,
  { attempt, orderId, reason }: RecordPaymentFailure,
  at: DateTime.Utc
): Decision<PaymentFailed, never> => {
  const paidBefore = () => ignore("the payment went through")
  return Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: notRequestedYet,
    Reserved: notRequestedYet,
    PaymentPending: (pending): Decision<PaymentFailed, never> =>
      pending.attempt === attempt ? accept(PaymentFailed.make({ orderId, reason, at })) : otherAttempt(),
    Paid: paidBefore,
    Shipped: paidBefore,
    Failed: alreadyOver,
    Cancelled: alreadyOver
  })
}

/** The money went back, because we asked for it or because somebody did so at the provider. */
export const refunded = (order: State, news: RecordRefund, at: DateTime.Utc): Decision<RefundMade, MoneyRefusal> =>
  ofPayment(order, (paid): Decision<RefundMade, MoneyRefusal> => {
    const { amount, covered, orderId, reason, refundId } = news
    const known = paid.refunds.find((one) => one.refundId === refundId)
    const refusal = refusalOf(paid, news, known)
    if (refusal !== undefined) return refuse(refusal)
    if (known?.status === "failed") return ignore("it came back afterwards")
    return known === undefined || known.status === "requested"
      ? accept(RefundMade.make({ orderId, refundId, amount, reason: known?.reason ?? reason, covered, at }))
      : alreadyKnown()
  })

/** The provider will not give the money back, or it came back days later: the order shows it to whoever can act. */
export const refundFailed = (
  order: State,
  news: RecordRefundFailure,
  at: DateTime.Utc
): Decision<RefundFailed, MoneyRefusal> =>
  ofPayment(order, (paid): Decision<RefundFailed, MoneyRefusal> => {
    const { orderId } = news
    const known = paid.refunds.find(isMeant(news))
    // Of one that is known its own amount counts, whatever the message has.
    const refusal = known === undefined ? refusalOf(paid, { ...news, covered: true }, known) : undefined
    if (refusal !== undefined) return refuse(refusal)
    const { amount, reason, refundId, status } = known ?? unheardOf(news)
    return status === "failed" ? alreadyKnown() : accept(RefundFailed.make({ orderId, refundId, amount, reason, at }))
  })

/** The money is back after all, by another way. That it had failed was published before, and is waited for. */
export const refundSettled = (
  order: State,
  news: RecordRefundSettlement,
  at: DateTime.Utc
): Decision<RefundMade, MoneyRefusal> =>
  ofPayment(order, ({ refunds }): Decision<RefundMade, MoneyRefusal> => {
    const { amount, orderId, refundId } = news
    const known = refunds.find((one) => one.refundId === refundId)
    if (known === undefined || known.status === "requested") return tooEarly("the refund is not known to have failed")
    return known.status === "failed"
      ? accept(RefundMade.make({ orderId, refundId, amount, reason: known.reason, covered: false, at }))
      : alreadyKnown()
  })

/**
 * Why no such refund can be of the order's own charge: nothing was charged, or another currency, or less than that. A second
 * charge, and one of another sum, are payment's own to return, whatever they were.
 */
const refusalOf = (
  order: Order,
  { amount, covered, orderId, reason }: Pick<RecordRefund, "amount" | "covered" | "orderId"> & {
    readonly reason?: string
  },
  known: OrderRefund | undefined
): MoneyRefusal | undefined => {
  const { refunds, total } = order
  if ("paymentRequested" in order && !order.paymentRequested) return new PaymentNotRequested({ orderId, amount })
  if (!isOwn(known?.reason ?? reason ?? "unknown")) return undefined
  if (amount.currency !== total.currency) return new RefundInOtherCurrency({ orderId, asked: amount, total })
  const left = known?.amount ?? (covered ? total : { ...total, amount: remainingOf(refunds, total, "refunded") })
  return amount.amount > left.amount ? new RefundTooLarge({ orderId, asked: amount, left }) : undefined
}

/** Whether it is the refund that failed: by its number or, where that was not told, by its amount. */
const isMeant = ({ amount, refundId }: RecordRefundFailure) => (one: OrderRefund): boolean =>
  refundId === undefined ? isSame(one.amount, amount) : one.refundId === refundId

const unheardOf = ({ amount, refundId = "unknown" }: RecordRefundFailure): OrderRefund => ({
  refundId,
  amount,
  reason: "unknown",
  status: "requested"
})

const ofPayment = <Event>(
  order: State,
  decided: (order: Order) => Decision<Event, MoneyRefusal>
): Decision<Event, MoneyRefusal> =>
  Match.valueTags(order, {
    Absent: unknownOrder,
    Draft: notRequestedYet,
    Reserved: notRequestedYet,
    PaymentPending: decided,
    Paid: decided,
    Shipped: decided,
    Failed: decided,
    Cancelled: decided
  })

const otherAttempt = () => ignore("it is about another attempt")

const isSame = (left: Money, right: Money): boolean => left.amount === right.amount && left.currency === right.currency
