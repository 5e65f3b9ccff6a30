import { OrderId, PaymentId } from "@quartet/contracts/Ids"
import { format, Money } from "@quartet/contracts/Money"
import { Schema } from "effect"

/** The order asks for money back in another currency than it was paid in. */
export class RefundInOtherCurrency extends Schema.TaggedError<RefundInOtherCurrency>()("RefundInOtherCurrency", {
  orderId: OrderId,
  asked: Money,
  taken: Money
}) {
  override get message() {
    return `Order ${this.orderId} was paid in ${this.taken.currency}; nothing can go back in ${this.asked.currency}.`
  }
}

/**
 * An event would move money, and is about no intent of our own record: the provider has to confirm it. `answerDue`: its answer
 * to our charge is under way, and may bring the intent's id.
 */
export class EventUnproven extends Schema.TaggedError<EventUnproven>()("EventUnproven", {
  orderId: OrderId,
  paymentId: PaymentId,
  answerDue: Schema.Boolean
}) {
  override get message() {
    return `An event about order ${this.orderId} is not confirmed yet.`
  }
}

/** There is no such refund. */
export class RefundUnknown extends Schema.TaggedError<RefundUnknown>()("RefundUnknown", { refundId: Schema.String }) {
  override get message() {
    return `There is no refund ${this.refundId}.`
  }
}

/** Only money that is still owed can be paid back by another way. */
export class RefundNotOwed extends Schema.TaggedError<RefundNotOwed>()("RefundNotOwed", {
  refundId: Schema.String,
  status: Schema.String
}) {
  override get message() {
    return this.status === "Failed"
      ? `Refund ${this.refundId} failed, and other refunds have returned the money since.`
      : `Refund ${this.refundId} is ${this.status.toLowerCase()}; only one that failed can be settled.`
  }
}

/** The order asks for money back, and was cancelled before it asked for a payment. */
export class NothingToRefund extends Schema.TaggedError<NothingToRefund>()("NothingToRefund", {
  orderId: OrderId,
  asked: Money
}) {
  override get message() {
    return `Order ${this.orderId} was never to be charged; ${format(this.asked)} of it cannot go back.`
  }
}

export type PaymentRejection = RefundInOtherCurrency | NothingToRefund | EventUnproven | RefundUnknown | RefundNotOwed
