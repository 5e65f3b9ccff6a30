import { OrderId } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
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

export type PaymentRejection = RefundInOtherCurrency
