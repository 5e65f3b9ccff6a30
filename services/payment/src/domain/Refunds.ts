import { Match, Option } from "effect"
import type { RefundEvent } from "./Event.ts"
import { Refund } from "./Refund.ts"

/** What is true of an order's refunds after the event. */
export const evolveRefunds = (refunds: ReadonlyArray<Refund>, event: RefundEvent): ReadonlyArray<Refund> => {
  const { refundId } = event
  const change = (to: (refund: Refund) => Partial<Refund>) =>
    refunds.map((refund) => refund.refundId === refundId ? Refund.make({ ...refund, ...to(refund) }) : refund)
  const put = (refund: Refund) =>
    refunds.some((one) => one.refundId === refundId) ? change(() => refund) : [...refunds, refund]
  const fresh = { refundId, try: 1, providerId: Option.none(), begunAt: Option.none(), settlement: Option.none() }

  return Match.valueTags(event, {
    RefundWanted: ({ amount, cause }) =>
      put(Refund.make({ ...fresh, cause, amount, status: "Wanted", intentId: Option.none() })),
    RefundRequested: ({ amount, cause, intentId }) =>
      put(Refund.make({ ...fresh, cause, amount, status: "Requested", intentId: Option.some(intentId) })),
    RefundCovered: ({ amount, cause, intentId }) =>
      put(Refund.make({ ...fresh, cause, amount, status: "Covered", intentId: Option.some(intentId) })),
    RefundDenied: ({ amount, cause, intentId }) =>
      put(Refund.make({ ...fresh, cause, amount, status: "Failed", intentId: Option.some(intentId) })),
    RefundUnfounded: ({ amount, cause }) =>
      put(Refund.make({ ...fresh, cause, amount, status: "Failed", intentId: Option.none() })),
    RefundBegun: ({ at }) => change(() => ({ begunAt: Option.some(at) })),
    RefundUnknown: ({ next }) => change(() => ({ try: next.try })),
    RefundPending: ({ next, providerId }) =>
      change((refund) => ({
        status: "Pending",
        providerId: Option.some(providerId),
        try: Option.match(next, { onNone: () => refund.try, onSome: (look) => look.try })
      })),
    RefundSucceeded: ({ providerId }) =>
      change(() => ({ status: Option.isSome(providerId) ? "Succeeded" : "Covered", providerId })),
    RefundFailed: ({ providerId }) =>
      change((refund) => ({ status: "Failed", providerId: Option.orElse(providerId, () => refund.providerId) })),
    RefundSettled: ({ because, settledBy }) => change(() => ({ settlement: Option.some({ because, settledBy }) })),
    RefundMirrored: ({ amount, intentId, providerId, status }) =>
      put(Refund.make({
        ...fresh,
        cause: "made_at_provider",
        amount,
        status,
        intentId: Option.some(intentId),
        providerId: Option.some(providerId)
      }))
  })
}
