import { newPaymentId, OrderId } from "@quartet/contracts/Ids"
import * as PaymentMessages from "@quartet/contracts/PaymentMessages"
import { MessageId } from "@quartet/messaging/Message"
import * as Outbox from "@quartet/messaging/Outbox"
import { DateTime, Effect, Schema } from "effect"
import { v7 } from "uuid"
import { rows } from "./Tables.ts"

/**
 * The payment service says that an attempt failed which the order never made. To the order it is news of something else;
 * inventory, which knows of no attempts, lets go of what it holds.
 */
export const failureOfAnotherAttempt = Effect.fn("Stray.failureOfAnotherAttempt")(
  function*(order: { readonly id: string }) {
    const orderId = OrderId.make(order.id)
    const message = PaymentMessages.PaymentFailed.say({
      orderId,
      paymentId: yield* newPaymentId,
      attempt: 9,
      reason: "declined"
    })
    const id = MessageId.make(v7())
    const envelope = Outbox.written(
      { message, lineage: { causationId: id, correlationId: id } },
      id,
      yield* DateTime.now
    )
    yield* rows(
      Schema.Struct({ seq: Schema.Unknown }),
      `WITH said AS (
      INSERT INTO payment.outbox (message_id, type, subject, envelope) VALUES ($1, $2, $3, $4) RETURNING seq
    )
    INSERT INTO payment.outbox_unsent SELECT seq FROM said RETURNING seq`,
      [id, message.type, orderId, envelope]
    )
  }
)
