import type { PaymentCommand } from "@quartet/payment/domain/Command"
import * as Command from "@quartet/payment/domain/Command"
import type { IntentStatus } from "@quartet/payment/domain/Intent"
import {
  IntentId,
  IntentStatus as Status,
  ProviderRefundId,
  ProviderRefundStatus as RefundStatus
} from "@quartet/payment/domain/Intent"
import type { Refund } from "@quartet/payment/domain/Refund"
import type { State } from "@quartet/payment/domain/State"
import * as Payments from "../../services/payment/test/Builders.ts"
import type { By, Impulse } from "./Explored.ts"

type Asked = ReadonlyArray<Impulse<PaymentCommand>>

const from = (by: By, cause: string) => (command: PaymentCommand): Impulse<PaymentCommand> => ({ by, cause, command })
const chargeDue = from("message", "payment.charge_due.v1")
const refundDue = from("message", "payment.refund_due.v1")

/** Everything that asking the provider, or its own events, can lead to in this state. */
export const asked = (state: State): Asked => {
  if (!("charge" in state)) return []
  const turn = state.try
  const answers = Status.literals.flatMap((status) =>
    [...wordsOf(status, turn), ...wordsOf(status, undefined)].map(from("provider", `the payment is ${status}`))
  )
  return [
    ...[Payments.begin(turn), Payments.skip].map(chargeDue),
    ...answers,
    ...[Payments.unknown(turn), Payments.refused, Payments.cancelUnknown(turn)].map(
      from("provider", "the call came to nothing")
    ),
    ...state.refunds.flatMap(askedOf)
  ]
}

const other = IntentId.make("pi_2")
const less = { ...Payments.amount, amount: 1 }

const wordsOf = (status: IntentStatus, turn: number | undefined): ReadonlyArray<PaymentCommand> => {
  const about = { refundId: Payments.mirroredRefundId, ...(turn === undefined ? {} : { asked: turn }) }
  const told = [Payments.told(status, about)]
  if (status === "requires_payment_method") return [...told, Payments.told(status, { ...about, failure: "declined" })]
  if (status !== "succeeded") return told
  const ofAnother = { ...about, id: other, refundId: Payments.otherRefundId }
  return [...told, Payments.told(status, { ...about, received: less }), Payments.told(status, ofAnother)]
}

const askedOf = (refund: Refund): Asked => {
  const { refundId, try: turn } = refund
  const about = { orderId: Payments.orderId, refundId }
  const answers = RefundStatus.literals.flatMap((status) => {
    const word = { ours: refundId, id: ProviderRefundId.make(`re_${refundId}`) }
    return [Payments.refundTold(status, { ...word, asked: turn }), Payments.refundTold(status, word)].map(
      from("provider", `the refund is ${status}`)
    )
  })
  return [
    refundDue(Command.BeginRefund.make({ ...about, try: turn })),
    ...answers,
    ...[
      Command.RecordRefundUnknown.make({ ...about, try: turn, why: "no answer", fault: false }),
      Command.RecordAlreadyRefunded.make(about),
      Command.RecordRefundRefused.make({ ...about, reason: "charge_disputed" })
    ].map(from("provider", "the call came to nothing"))
  ]
}
