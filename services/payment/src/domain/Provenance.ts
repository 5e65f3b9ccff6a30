import type { Money } from "@quartet/contracts/Money"
import { Option } from "effect"
import type { PaymentCommand, RecordIntent, RecordRefund } from "./Command.ts"
import type { PaymentEvent } from "./Event.ts"
import { remaining } from "./Refund.ts"
import type { OpenedPayment, State } from "./State.ts"
import { intentIdOf, openedOf } from "./State.ts"

/**
 * How an event that would change a payment stands to our own record. `ours`: it fits it. `unproven`: only the provider can
 * confirm it. `unneeded`: it tells no more than that an intent exists, which the answer to our call tells as well. `foreign`:
 * our record contradicts it.
 */
export type Provenance = "ours" | "unproven" | "unneeded" | "foreign"

/** Of a command that the payment's decider accepts, with what it would come to. */
export const provenanceOf = (
  state: State,
  command: PaymentCommand,
  events: ReadonlyArray<PaymentEvent>
): Provenance => {
  const payment = Option.getOrUndefined(openedOf(state))
  if (payment === undefined) return "ours"
  if (command._tag === "RecordIntent") return ofIntent(payment, command, events)
  return command._tag === "RecordRefund" ? ofRefund(payment, command) : "ours"
}

const isSame = (left: Money, right: Money): boolean => left.amount === right.amount && left.currency === right.currency

/** An intent that is not on record must not get there by somebody's word: the next event would then be about ours. */
const ofIntent = (
  payment: OpenedPayment,
  { intent }: RecordIntent,
  events: ReadonlyArray<PaymentEvent>
): Provenance => {
  const { amount } = payment.charge
  const isOurs = Option.contains(intentIdOf(payment), intent.id) && isSame(intent.amount, amount) &&
    (intent.status !== "succeeded" || isSame(intent.received, amount))
  if (isOurs) return "ours"
  return events.every(({ _tag }) => _tag === "IntentSeen") ? "unneeded" : "unproven"
}

const ofRefund = (payment: OpenedPayment, { refund }: RecordRefund): Provenance => {
  const { amount, id, intentId, ours } = refund
  const known = payment.refunds.find(({ providerId, refundId }) =>
    Option.contains(ours, refundId) || Option.contains(providerId, id)
  )
  if (known === undefined) {
    // Somebody made it at the provider, of an intent that the decider has found to be this payment's.
    const taken = payment._tag === "Mismatched" ? payment.taken : payment.charge.amount
    const fits = amount.currency === taken.currency && amount.amount <= remaining(payment.refunds, intentId, taken)
    return fits ? "ours" : "unproven"
  }
  if (!Option.contains(known.intentId, intentId)) return "foreign"
  const isOurs = isSame(known.amount, amount) &&
    Option.match(known.providerId, { onNone: () => true, onSome: (one) => one === id })
  return isOurs ? "ours" : "unproven"
}
