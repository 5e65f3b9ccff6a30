import { OrderId, Sku } from "@quartet/contracts/Ids"
import { format, Money } from "@quartet/contracts/Money"
import { Schema } from "effect"

const about = { orderId: OrderId }

/** There is no such order, or it is somebody else's: the asker cannot tell which. */
export class OrderNotFound extends Schema.TaggedError<OrderNotFound>()("OrderNotFound", about) {
  override get message() {
    return "There is no such order."
  }
}

/** Stock has not answered yet; asking again shortly may succeed. */
export class OrderNotReserved extends Schema.TaggedError<OrderNotReserved>()("OrderNotReserved", about) {
  override get message() {
    return `The goods of order ${this.orderId} are not held yet; it cannot be paid.`
  }
}

export class PaymentInProgress extends Schema.TaggedError<PaymentInProgress>()("PaymentInProgress", about) {
  override get message() {
    return `Order ${this.orderId} is being paid already.`
  }
}

export class OrderHasFailed extends Schema.TaggedError<OrderHasFailed>()("OrderHasFailed", about) {
  override get message() {
    return `Order ${this.orderId} failed; it can be neither paid nor cancelled.`
  }
}

export class OrderIsCancelled extends Schema.TaggedError<OrderIsCancelled>()("OrderIsCancelled", about) {
  override get message() {
    return `Order ${this.orderId} is cancelled; it cannot be paid.`
  }
}

export class OrderHasShipped extends Schema.TaggedError<OrderHasShipped>()("OrderHasShipped", about) {
  override get message() {
    return `Order ${this.orderId} has left; it can be returned, not cancelled.`
  }
}

/** Only of an order that has left can a part go back; any other is cancelled, or has no money of its customer's. */
export class OrderNotShipped extends Schema.TaggedError<OrderNotShipped>()("OrderNotShipped", about) {
  override get message() {
    return `Order ${this.orderId} has not left; it is cancelled as a whole, or not at all.`
  }
}

export class RefundInOtherCurrency extends Schema.TaggedError<RefundInOtherCurrency>()("RefundInOtherCurrency", {
  ...about,
  asked: Money,
  total: Money
}) {
  override get message() {
    return `Order ${this.orderId} was paid in ${this.total.currency}; nothing can go back in ${this.asked.currency}.`
  }
}

/** More than is left of what was charged, of which some is back or on its way. */
export class RefundTooLarge extends Schema.TaggedError<RefundTooLarge>()("RefundTooLarge", {
  ...about,
  asked: Money,
  left: Money
}) {
  override get message() {
    return `Of order ${this.orderId} ${format(this.left)} can go back, not ${format(this.asked)}.`
  }
}

/** Money is said to have come or gone for an order that never asked for a payment. */
export class PaymentNotRequested extends Schema.TaggedError<PaymentNotRequested>()("PaymentNotRequested", {
  ...about,
  amount: Money
}) {
  override get message() {
    return `Order ${this.orderId} never asked for a payment; ${format(this.amount)} cannot be its money.`
  }
}

/** A payment is said to have come that is not what the order asked for. */
export class PaymentOfOtherAmount extends Schema.TaggedError<PaymentOfOtherAmount>()("PaymentOfOtherAmount", {
  ...about,
  amount: Money,
  total: Money
}) {
  override get message() {
    return `Order ${this.orderId} asked for ${format(this.total)}, not for ${format(this.amount)}.`
  }
}

/** The customer has as many orders that are neither paid nor over as one may have. */
export class TooManyOpenOrders extends Schema.TaggedError<TooManyOpenOrders>()("TooManyOpenOrders", {
  ...about,
  limit: Schema.Int
}) {
  override get message() {
    return `${this.limit} orders are open already; pay or cancel one of them first.`
  }
}

/** The customer's payments came to nothing too often lately. */
export class TooManyFailedPayments extends Schema.TaggedError<TooManyFailedPayments>()("TooManyFailedPayments", {
  ...about,
  retryAfterSeconds: Schema.Int
}) {
  override get message() {
    return "Too many payments failed within the last hour; wait as long as Retry-After says."
  }
}

/** More lines than one order may have here. */
export class TooManyLines extends Schema.TaggedError<TooManyLines>()("TooManyLines", {
  lines: Schema.Int,
  maximum: Schema.Int
}) {
  override get message() {
    return `${this.lines} lines are more than the ${this.maximum} of one order.`
  }
}

/** The price list does not know these. */
export class UnknownProduct extends Schema.TaggedError<UnknownProduct>()("UnknownProduct", {
  skus: Schema.NonEmptyArray(Sku)
}) {
  override get message() {
    return `Not on the price list: ${this.skus.join(", ")}.`
  }
}

/** The lines of one SKU add up to more than can be ordered at once. */
export class QuantityTooLarge extends Schema.TaggedError<QuantityTooLarge>()("QuantityTooLarge", {
  sku: Sku,
  quantity: Schema.Int,
  maximum: Schema.Int
}) {
  override get message() {
    return `${this.quantity} of ${this.sku} are more than the ${this.maximum} that can be ordered at once.`
  }
}

export class MixedCurrencies extends Schema.TaggedError<MixedCurrencies>()("MixedCurrencies", {
  currencies: Schema.Array(Schema.String)
}) {
  override get message() {
    return `One order has one currency, not ${this.currencies.join(" and ")}.`
  }
}

/** The provider would never take this total, or we never do; `detail` says by which rule. */
export class TotalNotChargeable extends Schema.TaggedError<TotalNotChargeable>()("TotalNotChargeable", {
  detail: Schema.String
}) {
  override get message() {
    return `The total cannot be charged: ${this.detail}`
  }
}

export type OrderRejection =
  | OrderNotFound
  | OrderNotReserved
  | PaymentInProgress
  | OrderHasFailed
  | OrderIsCancelled
  | OrderHasShipped
  | OrderNotShipped
  | RefundInOtherCurrency
  | RefundTooLarge
  | PaymentNotRequested
  | PaymentOfOtherAmount
  | TooManyOpenOrders
  | TooManyFailedPayments
  | TooManyLines
  | UnknownProduct
  | QuantityTooLarge
  | MixedCurrencies
  | TotalNotChargeable
