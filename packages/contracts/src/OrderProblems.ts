import { invalidKey } from "./KeyProblems.ts"
import { define } from "./Problem.ts"

export const notFound = define({
  name: "order-not-found",
  status: 404,
  title: "There is no such order",
  means: "There is no order of this id, or it is somebody else's: the two are not told apart.",
  advice: "Compare the id with those of `GET /orders`."
})
export const notReserved = define({
  name: "not-reserved",
  status: 409,
  title: "The goods are not held yet",
  means: "The order is placed, but stock has not answered for it yet, so it cannot be paid.",
  advice: "Wait until its status is `Reserved`, by `GET /orders/{id}` with `Prefer: wait=10`, and pay again."
})
export const paymentInProgress = define({
  name: "payment-in-progress",
  status: 409,
  title: "The order is being paid already",
  means: "A payment of this order is under way; a second one is never begun beside it.",
  advice: "Follow the order by `GET /orders/{id}` with `Prefer: wait=10`, and do what its `nextAction` says."
})
export const orderFailed = define({
  name: "order-failed",
  status: 409,
  title: "The order failed",
  means: "The order failed and is over: stock ran out, or the payment was declined. Its `reason` says which.",
  advice: "Place a new order. Money that was taken goes back by itself."
})
export const orderCancelled = define({
  name: "order-cancelled",
  status: 409,
  title: "The order is cancelled",
  means: "The order was called off, by its customer or because its time ran out.",
  advice: "Place a new order. Money that was taken goes back by itself."
})
export const orderShipped = define({
  name: "order-shipped",
  status: 409,
  title: "The order has left",
  means: "The parcel has left, so the order cannot be cancelled.",
  advice: "Wait for the parcel and send it back."
})
export const notShipped = define({
  name: "order-not-shipped",
  status: 409,
  title: "The order has not left",
  means: "Only of an order that has shipped can an operator give a part of the money back.",
  advice: "Cancel the order: then all of its money goes back."
})
export const refundTooLarge = define({
  name: "refund-too-large",
  status: 409,
  title: "More than is left of what was charged",
  means: "What is back or on its way back, and this, are more together than the customer was charged.",
  advice: "Look at `GET /orders/{id}/refunds` for what was given already, and give no more than the rest."
})
export const refundInOtherCurrency = define({
  name: "refund-in-other-currency",
  status: 422,
  title: "The order was paid in another currency",
  means: "Money goes back in the currency in which it came.",
  advice: "Send the amount in the currency of the order's total."
})
export const unknownProduct = define({
  name: "unknown-product",
  status: 422,
  title: "Not on the price list",
  means: "A line names a SKU that is not on the price list.",
  advice: "Choose from `GET /products`."
})
export const quantityTooLarge = define({
  name: "quantity-too-large",
  status: 422,
  title: "Too many of one product",
  means: "The lines of one SKU add up to more than can be ordered at once: 1000, or less where the shop says so.",
  advice: "Order fewer, or place several orders."
})
export const tooManyLines = define({
  name: "too-many-lines",
  status: 422,
  title: "Too many lines",
  means: "The order has more lines than one order may have here.",
  advice: "Place several orders."
})
export const mixedCurrencies = define({
  name: "mixed-currencies",
  status: 422,
  title: "One order, one currency",
  means: "The products have their prices in different currencies.",
  advice: "Place one order for each currency."
})
export const tooManyOpenOrders = define({
  name: "too-many-open-orders",
  status: 409,
  title: "Too many orders are open",
  means: "The customer has as many orders that are neither paid nor over as one may have.",
  advice: "Pay or cancel one of them; those that are not paid run out by themselves."
})
export const tooManyFailedPayments = define({
  name: "too-many-failed-payments",
  status: 429,
  title: "Too many payments failed",
  means: "Too many payments of this customer came to nothing within an hour.",
  advice: "Wait as long as `Retry-After` says, and pay by another method."
})
export const totalNotChargeable = define({
  name: "total-not-chargeable",
  status: 422,
  title: "The total cannot be charged",
  means: "The total is less, or more, than the payment provider charges, or more than this shop takes at once.",
  advice: "Order more or less than that."
})
export const unknownVersion = define({
  name: "unknown-version",
  status: 400,
  title: "The order has not come to this version",
  means: "`Last-Event-ID` names a version that the order never had.",
  advice: "Ask again without `Last-Event-ID`, for everything from the beginning."
})
export const tooManyStreams = define({
  name: "too-many-streams",
  status: 503,
  title: "Too many streams are open",
  means: "This process holds as many streams of events open as it may.",
  advice: "Wait as long as `Retry-After` says, or follow the order by `GET /orders/{id}` with `Prefer: wait=10`."
})

/** What a reader is told of each. */
export const pages = [
  notFound,
  notReserved,
  paymentInProgress,
  orderFailed,
  orderCancelled,
  orderShipped,
  notShipped,
  refundTooLarge,
  refundInOtherCurrency,
  unknownProduct,
  quantityTooLarge,
  tooManyLines,
  mixedCurrencies,
  totalNotChargeable,
  invalidKey,
  tooManyOpenOrders,
  tooManyFailedPayments,
  unknownVersion,
  tooManyStreams
].map(({ page }) => page)
