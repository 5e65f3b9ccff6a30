import type { OrderId } from "@quartet/contracts/Ids"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore } from "@quartet/messaging/Decision"
import { DateTime, Match, Option } from "effect"
import type { RecordIntent } from "./Command.ts"
import * as Event from "./Event.ts"
import type { Policy } from "./Policy.ts"
import { affordable, askAgain, questions } from "./Policy.ts"
import type { Refund } from "./Refund.ts"
import type { ActionRequired, Charging, OpenedPayment, State } from "./State.ts"
import { intentIdOf } from "./State.ts"

type Decided = Decision<Event.PaymentEvent, never>

const asBefore = (): Decided => ignore("already known")
const nothingOpen = (): Decided => ignore("what became of the payment is known already")

/**
 * What the provider's word means, whether it is an answer or an event, early or late. The word may be old: an event is a
 * snapshot, and so is a replayed answer. So nothing takes a payment back from where it ended, but for money that came.
 */
export const decideIntent = (policy: Policy, state: State, c: RecordIntent, now: DateTime.Utc): Decided => {
  if (state._tag === "Absent" || state._tag === "Forbidden") return ignore("no payment of this order was asked for")
  if (c.intent.status === "succeeded") return succeeded(state, c)
  const ours = Option.match(intentIdOf(state), { onNone: () => true, onSome: (id) => id === c.intent.id })
  if (!ours) return ignore("another intent of this order took no money")
  return Match.valueTags(state, {
    Opened: () => ignore("the provider was not asked yet"),
    Charging: () => waiting(policy, state, c, now),
    ActionRequired: () => waiting(policy, state, c, now),
    Cancelling: ({ cancelReason, orderId }) =>
      c.intent.status === "canceled" ? failed(orderId, cancelReason, Option.none()) : ignore("it is being cancelled"),
    Closing: ({ orderId }) =>
      c.intent.status === "canceled" ? accept(Event.IntentClosed.make({ orderId })) : nothingOpen(),
    Failed: nothingOpen,
    Succeeded: nothingOpen,
    Mismatched: nothingOpen
  })
}

const failed = (
  orderId: OrderId,
  reason: typeof Event.PaymentFailed.Type["reason"],
  open: typeof Event.PaymentFailed.Type["open"]
) => accept(Event.PaymentFailed.make({ orderId, reason, open }))

/** An intent of a payment that is not decided yet, and took no money so far. */
const waiting = (policy: Policy, state: OpenedPayment, c: RecordIntent, now: DateTime.Utc): Decided => {
  const { intent, orderId } = c
  const cancelled = state._tag === "Charging" && state.cancelWanted
  const onward = () => progress(policy, state, c, now)
  return Match.value(intent.status).pipe(
    Match.when("canceled", () => failed(orderId, cancelled ? "order_cancelled" : "expired", Option.none())),
    Match.when("requires_payment_method", () =>
      Option.match(intent.failure, {
        onNone: onward, // it was only created: whatever is tried with it is still to come
        onSome: (reason) => failed(orderId, reason, Option.some(intent.id))
      })),
    Match.whenOr("requires_action", "requires_confirmation", "processing", "requires_capture", onward),
    Match.when("succeeded", asBefore),
    Match.exhaustive
  )
}

/** Still open: cancelled if nobody wants it any more, and asked about again if this was the answer to a question. */
const progress = (policy: Policy, state: OpenedPayment, c: RecordIntent, now: DateTime.Utc): Decided => {
  const { intent, orderId } = c
  const { next, parked } = nextQuestion(policy, state, c, now)
  if (unwanted(policy, state, intent, now)) {
    const reason = state._tag === "ActionRequired" ? "expired" : "order_cancelled"
    return accept(Event.CancelStarted.make({ orderId, intentId: intent.id, reason }))
  }
  const { nextAction } = intent
  if (intent.status === "requires_action" && Option.isSome(nextAction) && state._tag !== "ActionRequired") {
    const asked = { orderId, intentId: intent.id, nextAction: nextAction.value, at: now, next }
    return accept<Event.PaymentEvent>(Event.ActionAsked.make(asked), ...parked)
  }
  const isNews = Option.isSome(next) || Option.isNone(intentIdOf(state))
  const seen = isNews ? [Event.IntentSeen.make({ orderId, intentId: intent.id, next })] : []
  const events = [...seen, ...parked]
  return events.length === 0 ? asBefore() : accept<Event.PaymentEvent>(...events)
}

/** If this answers the current question: the next one, or none when as much was asked as may be (H71). */
const nextQuestion = (policy: Policy, state: OpenedPayment, c: RecordIntent, now: DateTime.Utc) => {
  const look = Option.filterMap(
    c.asked,
    (asked) => asked === state.try && !state.parked ? Option.some(askAgain(policy, asked, now)) : Option.none()
  )
  const next = Option.flatMap(look, ({ due, try: turn }) =>
    affordable(policy, {
      try: turn,
      // The last question is kept for the moment when an unattended intent is to be cancelled.
      due: c.intent.status === "requires_action" && turn === questions(policy)
        ? DateTime.max(due, expiryOf(policy, state, now))
        : due
    }))
  const isSpent = Option.isSome(look) && Option.isNone(next)
  const why = `the intent is still ${c.intent.status}`
  return { next, parked: isSpent ? [Event.AttemptParked.make({ orderId: c.orderId, why })] : [] }
}

/** When a step that is asked of the customer has waited long enough. */
const expiryOf = (policy: Policy, state: OpenedPayment, now: DateTime.Utc): DateTime.Utc =>
  DateTime.addDuration(state._tag === "ActionRequired" ? state.actionSince : now, policy.actionDeadline)

const unwanted = (
  policy: Policy,
  state: OpenedPayment | Charging | ActionRequired,
  { status }: RecordIntent["intent"],
  now: DateTime.Utc
): boolean => {
  if (state._tag === "Charging") return state.cancelWanted
  if (state._tag !== "ActionRequired" || status !== "requires_action") return false
  return DateTime.lessThanOrEqualTo(expiryOf(policy, state, now), now)
}

/** Money came. It is the payment's if it is exactly what was asked for; a second time, or another sum, goes back. */
const succeeded = (state: OpenedPayment, c: RecordIntent): Decided => {
  const { intent, orderId } = c
  if (state._tag === "Succeeded" || state._tag === "Mismatched") {
    return intent.id === state.intentId ? asBefore() : extra(state.refunds, c)
  }
  const { amount } = state.charge
  const fits = [intent.amount, intent.received].every((money) =>
    money.amount === amount.amount && money.currency === amount.currency
  )
  const cameWith = { orderId, intentId: intent.id }
  if (fits) {
    const back = state.refunds.filter(({ status }) => status === "Wanted").map((refund) => goBack(c, refund))
    return accept<Event.PaymentEvent>(Event.PaymentSucceeded.make(cameWith), ...back)
  }
  const told = state._tag === "Failed" || state._tag === "Closing"
  const taken = intent.received
  const mismatch = Event.AmountMismatched.make({ ...cameWith, taken, told })
  return taken.amount === 0
    ? accept(mismatch)
    : accept<Event.PaymentEvent>(mismatch, goBack(c, { refundId: c.refundId, cause: "amount_mismatch", amount: taken }))
}

const goBack = ({ intent, orderId }: RecordIntent, refund: Pick<Refund, "refundId" | "cause" | "amount">) => {
  const { amount, cause, refundId } = refund
  return Event.RefundRequested.make({ orderId, refundId, cause, amount, intentId: intent.id })
}

/** Two intents of one order took money: the second one's goes back, once. */
const extra = (refunds: ReadonlyArray<Refund>, c: RecordIntent): Decided =>
  refunds.some(({ intentId }) => Option.contains(intentId, c.intent.id))
    ? asBefore()
    : accept(goBack(c, { refundId: c.refundId, cause: "extra_charge", amount: c.intent.received }))
