import { PaymentId, RefundId } from "@quartet/contracts/Ids"
import { OrderCancelled, OrderPaymentRequested, OrderRefundRequested } from "@quartet/contracts/OrderMessages"
import { PaymentCancelDue, PaymentChargeDue, PaymentRefundDue } from "@quartet/contracts/PaymentMessages"
import * as Consumer from "@quartet/messaging/Consumer"
import { on, perform } from "@quartet/messaging/Handler"
import { Effect, Layer } from "effect"
import { PaymentActor } from "./Actor.ts"
import { CancelPayment, RequestPayment, RequestRefund } from "./domain/Command.ts"
import { Errands } from "./Errands.ts"

/** Which command is this message? A payment, and a refund without a number, take theirs from the message that asks for it. */
export const handlers = [
  on(OrderPaymentRequested, (asked, { id }) => RequestPayment.make({ ...asked, paymentId: PaymentId.make(id) })),
  on(OrderCancelled, ({ orderId }) => CancelPayment.make({ orderId })),
  on(
    OrderRefundRequested,
    ({ refundId, ...asked }, { id }) => RequestRefund.make({ ...asked, refundId: refundId ?? RefundId.make(id) })
  )
]

/** What is due at the provider: done outside, and its outcome is the command. */
export const gatewayHandlers = Effect.map(Errands, (errands) => [
  perform(PaymentChargeDue, errands.charge),
  perform(PaymentCancelDue, errands.cancel),
  perform(PaymentRefundDue, errands.refund)
])

/**
 * Whatever is due may wait for its turn at once, which takes a second or so and then is put off: how many calls are under
 * way is the throttle's to say, and a limit below it would let messages wait unsettled behind slow calls (H69, H70).
 */
const outside = 4096

export const layer = Layer.scopedDiscard(
  Effect.gen(function*() {
    const actor = yield* PaymentActor
    yield* Consumer.make({ name: "payment", actor, handlers })
    yield* Consumer.make({ name: "payment-gateway", actor, handlers: yield* gatewayHandlers, outside })
  })
)
