import { CustomerId, OrderId, PaymentId, PaymentMethodId, RefundId } from "@quartet/contracts/Ids"
import type { Money } from "@quartet/contracts/Money"
import type { PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import type { Decision } from "@quartet/messaging/Decision"
import { eventsOf } from "@quartet/messaging/Decision"
import { DateTime, Option } from "effect"
import * as Command from "../src/domain/Command.ts"
import { decide } from "../src/domain/Decider.ts"
import type { PaymentEvent } from "../src/domain/Event.ts"
import type { IntentStatus, ProviderRefundStatus } from "../src/domain/Intent.ts"
import { Intent, IntentId, ProviderRefund, ProviderRefundId } from "../src/domain/Intent.ts"
import { defaultPolicy } from "../src/domain/Policy.ts"
import type { PaymentRejection } from "../src/domain/Rejection.ts"
import type { State } from "../src/domain/State.ts"
import { absent, evolve } from "../src/domain/State.ts"

/** One order, and what happens to its payment. */
export const orderId = OrderId.make("01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10")
export const paymentId = PaymentId.make("01993c4e-b7f2-7a91-8c44-2b6d90e5f1a7")
export const refundId = RefundId.make("01993c4f-1b66-7d0c-a8e1-5f3c27b94d60")
export const otherRefundId = RefundId.make("01993c4f-1b66-7d0c-a8e1-5f3c27b94d61")
export const mirroredRefundId = RefundId.make("01993c4f-1b66-7d0c-a8e1-5f3c27b94d62")
export const intentId = IntentId.make("pi_1")
export const providerId = ProviderRefundId.make("re_1")
export const amount: Money = { amount: 7680, currency: "EUR" }
export const now = DateTime.unsafeMake("2026-03-02T09:15:00Z")
export const later = (seconds: number) => DateTime.add(now, { seconds })

export const request = Command.RequestPayment.make({
  orderId,
  paymentId,
  attempt: 1,
  customerId: CustomerId.make("customer-4711"),
  paymentMethodId: PaymentMethodId.make("pm_card_visa"),
  amount
})
export const cancel = Command.CancelPayment.make({ orderId })
export const begin = (asked = 1) => Command.BeginCharge.make({ orderId, attempt: 1, try: asked })
export const unknown = (asked = 1, fault = false) =>
  Command.RecordUnknown.make({ orderId, attempt: 1, try: asked, why: "no answer", fault })
export const refused = Command.RecordRefusedCall.make({ orderId, attempt: 1, reason: "invalid_payment_method" })
export const cancelUnknown = (asked = 1) =>
  Command.RecordCancelUnknown.make({ orderId, try: asked, why: "no answer", fault: false })
export const skip = Command.SkipCall.make({ orderId })

export interface IntentDetails {
  readonly id?: IntentId
  readonly amount?: Money
  readonly received?: Money
  readonly failure?: PaymentFailureReason
  readonly asked?: number
  readonly refundId?: RefundId
}

/** The provider says so of the intent; without `asked` by itself. */
export const told = (status: IntentStatus, details: IntentDetails = {}) =>
  Command.RecordIntent.make({
    orderId,
    refundId: details.refundId ?? refundId,
    asked: Option.fromNullable(details.asked),
    intent: Intent.make({
      id: details.id ?? intentId,
      status,
      amount: details.amount ?? amount,
      received: details.received ?? (status === "succeeded" ? details.amount ?? amount : { ...amount, amount: 0 }),
      failure: Option.fromNullable(details.failure),
      nextAction: status === "requires_action" ? Option.some({ type: "use_stripe_sdk" }) : Option.none()
    })
  })

export const refund = (reason: Command.RequestRefund["reason"] = "late_payment", money = amount, id = refundId) =>
  Command.RequestRefund.make({ orderId, refundId: id, amount: money, reason })
export const beginRefund = (asked = 1) => Command.BeginRefund.make({ orderId, refundId, try: asked })
export const refundUnknown = (asked = 1) =>
  Command.RecordRefundUnknown.make({ orderId, refundId, try: asked, why: "no answer", fault: false })
export const alreadyRefunded = Command.RecordAlreadyRefunded.make({ orderId, refundId })
export const refundRefused = Command.RecordRefundRefused.make({ orderId, refundId, reason: "charge_disputed" })

export interface RefundDetails {
  readonly id?: ProviderRefundId
  readonly ours?: RefundId | null
  readonly amount?: Money
  readonly asked?: number
}

/** The provider says so of the refund. */
export const refundTold = (status: ProviderRefundStatus, details: RefundDetails = {}) =>
  Command.RecordRefund.make({
    orderId,
    refundId: mirroredRefundId,
    asked: Option.fromNullable(details.asked),
    refund: ProviderRefund.make({
      id: details.id ?? providerId,
      status,
      amount: details.amount ?? amount,
      intentId,
      ours: details.ours === undefined ? Option.some(refundId) : Option.fromNullable(details.ours),
      failure: "expired_or_canceled_card"
    })
  })

/** What the decider says, all at one moment. */
export const deciding = (state: State, command: Command.PaymentCommand, at = now) =>
  decide(defaultPolicy)(state, command, at)

/** The state after a history of commands, whatever came of each. */
export const after = (...commands: ReadonlyArray<Command.PaymentCommand>): State =>
  commands.reduce((state, command) => eventsOf(deciding(state, command)).reduce(evolve, state), absent)

export const tagsOf = (decision: Decision<PaymentEvent, PaymentRejection>): ReadonlyArray<string> =>
  eventsOf(decision).map(({ _tag }) => _tag)
