import type { DateTime } from "effect"
import { Option } from "effect"
import type { RecordIntent, RecordRefund } from "./Command.ts"
import { decide } from "./Decider.ts"
import type { PaymentEvent } from "./Event.ts"
import type { Policy } from "./Policy.ts"
import { returned, settled } from "./Refund.ts"
import type { OpenedPayment, State } from "./State.ts"
import { intentIdOf, openedOf } from "./State.ts"

/** How the provider's record and ours tell one payment differently. */
export type Difference =
  /** The provider's record is news to us, and this is what comes of it. */
  | { readonly _tag: "News"; readonly event: PaymentEvent }
  /** It took money for an order of which no payment is known here. */
  | { readonly _tag: "Stray" }
  /** It took money for an order that was cancelled before it asked for a payment. */
  | { readonly _tag: "Unwanted" }
  /** It is another charge than the payment counts on, and that one is none. */
  | { readonly _tag: "Unproven" }
  /** The payment counts as succeeded here, and not there. */
  | { readonly _tag: "NotPaid" }
  /** What went back is not the same here and there. */
  | { readonly _tag: "ReturnedOtherwise"; readonly ours: number; readonly theirs: number }
  /** Money that must go back is still there, and nothing is under way. */
  | { readonly _tag: "Kept"; readonly left: number }

/**
 * Whether the provider's record of an intent differs from ours, by the decider that would hear of it: what it would ignore is
 * known here. Money that is said to have gone back is compared to the unit; `theirs` is what the provider gave back.
 */
export const compareIntent = (
  policy: Policy,
  state: State,
  command: RecordIntent,
  theirs: number,
  now: DateTime.Utc
): Option.Option<Difference> => {
  const { intent } = command
  return Option.match(openedOf(state), {
    onNone: () =>
      intent.status === "succeeded" && theirs < intent.received.amount
        ? Option.some({ _tag: state._tag === "Forbidden" ? "Unwanted" : "Stray" })
        : Option.none(),
    onSome: (payment) =>
      Option.orElse(
        news(policy, payment, command, now),
        () => intent.status === "succeeded" ? money(payment, command, theirs) : unpaid(payment, command)
      )
  })
}

/** The same for one refund. */
export const compareRefund = (
  policy: Policy,
  state: State,
  command: RecordRefund,
  now: DateTime.Utc
): Option.Option<Difference> => news(policy, state, command, now)

/** That an intent exists of which only the outcome is awaited is no difference: the question is under way. */
const news = (
  policy: Policy,
  state: State,
  command: RecordIntent | RecordRefund,
  now: DateTime.Utc
): Option.Option<Difference> => {
  const decided = decide(policy)(state, command, now)
  const event = decided._tag === "Accepted" ? decided.events.find(({ _tag }) => _tag !== "IntentSeen") : undefined
  return event === undefined ? Option.none() : Option.some({ _tag: "News", event })
}

const unpaid = (state: OpenedPayment, { intent }: RecordIntent): Option.Option<Difference> =>
  (state._tag === "Succeeded" || state._tag === "Mismatched") && state.intentId === intent.id
    ? Option.some({ _tag: "NotPaid" })
    : Option.none()

const money = (state: OpenedPayment, { intent }: RecordIntent, theirs: number): Option.Option<Difference> => {
  const { refunds } = state
  const isUnderWay = refunds.some((refund) =>
    Option.contains(refund.intentId, intent.id) && (refund.status === "Requested" || refund.status === "Pending")
  )
  if (isUnderWay) return Option.none()
  const isPayment = state._tag === "Succeeded" && Option.contains(intentIdOf(state), intent.id)
  const byHand = settled(refunds, intent.id)
  const left = intent.received.amount - theirs - byHand
  if (!isPayment) return left > 0 ? Option.some({ _tag: "Kept", left }) : Option.none()
  const ours = returned(refunds, intent.id) - byHand
  return ours === theirs ? Option.none() : Option.some({ _tag: "ReturnedOtherwise", ours, theirs })
}
