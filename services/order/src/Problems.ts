import type { HttpServerResponse } from "@effect/platform"
import { Correlation } from "@quartet/hosting/Correlation"
import * as Problem from "@quartet/hosting/Problem"
import { Effect, Match } from "effect"
import type { OrderRejection } from "./domain/Rejection.ts"

const { define } = Problem

export const notFound = define({ name: "order-not-found", status: 404, title: "There is no such order" })
export const notReserved = define({ name: "not-reserved", status: 409, title: "The goods are not held yet" })
export const paymentInProgress = define({
  name: "payment-in-progress",
  status: 409,
  title: "The order is being paid already"
})
export const orderFailed = define({ name: "order-failed", status: 409, title: "The order failed" })
export const orderCancelled = define({ name: "order-cancelled", status: 409, title: "The order is cancelled" })
export const orderShipped = define({ name: "order-shipped", status: 409, title: "The order has left" })
export const tooManyOpenOrders = define({
  name: "too-many-open-orders",
  status: 409,
  title: "Too many orders are open"
})
export const tooManyFailedPayments = define({
  name: "too-many-failed-payments",
  status: 429,
  title: "Too many payments failed"
})
/** Answered by the edge, before anything else is looked at. */
export const tooManyRequests = define({ name: "too-many-requests", status: 429, title: "Too many requests" })
export const unknownProduct = define({ name: "unknown-product", status: 422, title: "Not on the price list" })
export const quantityTooLarge = define({ name: "quantity-too-large", status: 422, title: "Too many of one product" })
export const mixedCurrencies = define({ name: "mixed-currencies", status: 422, title: "One order, one currency" })
export const totalNotChargeable = define({
  name: "total-not-chargeable",
  status: 422,
  title: "The total cannot be charged"
})
export const invalidKey = define({ name: "invalid-idempotency-key", status: 400, title: "Not an Idempotency-Key" })
export const keyReused = define({
  name: "idempotency-key-reused",
  status: 422,
  title: "The Idempotency-Key belongs to another request"
})
export const keyInProgress = define({
  name: "idempotency-key-in-progress",
  status: 409,
  title: "The first request with this Idempotency-Key is still being answered"
})
export const cardNumber = define({ name: "card-number", status: 400, title: "Never send a card number" })
export const unknownVersion = define({
  name: "unknown-version",
  status: 400,
  title: "The order has not come to this version"
})
export const tooManyStreams = define({ name: "too-many-streams", status: 503, title: "Too many streams are open" })
export const unavailable = define({ name: "unavailable", status: 503, title: "Not available at the moment" })

/** One kind of problem. */
interface Kind {
  readonly make: (detail: string, correlationId: string) => Problem.Problem
}

/** For what passes by itself. */
export const soon = { retryAfterSeconds: 1 }

/** Answers with a problem; what passes by itself says when to ask again. */
export const answer = (
  kind: Kind,
  detail: string,
  options: { readonly retryAfterSeconds?: number } = {}
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(
    Correlation,
    (correlationId) =>
      Problem.toResponse(
        kind.make(detail, correlationId),
        options.retryAfterSeconds === undefined ? {} : { "retry-after": String(options.retryAfterSeconds) }
      )
  )

/** Answers with why the order service said no. */
export const refusal = (rejection: OrderRejection): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const because = (kind: Kind, options: { readonly retryAfterSeconds?: number } = {}) =>
    answer(kind, rejection.message, options)
  return Match.valueTags(rejection, {
    OrderNotFound: () => because(notFound),
    OrderNotReserved: () => because(notReserved, soon),
    PaymentInProgress: () => because(paymentInProgress, soon),
    OrderHasFailed: () => because(orderFailed),
    OrderIsCancelled: () => because(orderCancelled),
    OrderHasShipped: () => because(orderShipped),
    TooManyOpenOrders: () => because(tooManyOpenOrders),
    TooManyFailedPayments: ({ retryAfterSeconds }) => because(tooManyFailedPayments, { retryAfterSeconds }),
    UnknownProduct: () => because(unknownProduct),
    QuantityTooLarge: () => because(quantityTooLarge),
    MixedCurrencies: () => because(mixedCurrencies),
    TotalNotChargeable: () => because(totalNotChargeable)
  })
}
