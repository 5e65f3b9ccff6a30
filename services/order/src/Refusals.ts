import type { HttpServerResponse } from "@effect/platform"
import * as Problems from "@quartet/contracts/OrderProblems"
import type { Kind, Problem } from "@quartet/contracts/Problem"
import { Correlation } from "@quartet/hosting/Correlation"
import { toResponse } from "@quartet/hosting/Problem"
import { Effect, Match } from "effect"
import type { OrderRejection } from "./domain/Rejection.ts"

/** For what passes by itself. */
export const soon = { retryAfterSeconds: 1 }

/** Answers with a problem; what passes by itself says when to ask again. */
export const answer = (
  kind: Kind<Problem>,
  detail: string,
  options: { readonly retryAfterSeconds?: number } = {}
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(Correlation, (correlationId) => {
    const later = options.retryAfterSeconds
    return toResponse(
      kind.make(detail, correlationId),
      later === undefined ? {} : { "retry-after": `${later}` }
    )
  })

/** Answers with why the order service said no. */
export const refusal = (rejection: OrderRejection): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const because = (kind: Kind<Problem>, options: { readonly retryAfterSeconds?: number } = {}) =>
    answer(kind, rejection.message, options)
  return Match.valueTags(rejection, {
    OrderNotFound: () => because(Problems.notFound),
    OrderNotReserved: () => because(Problems.notReserved, soon),
    PaymentInProgress: () => because(Problems.paymentInProgress, soon),
    OrderHasFailed: () => because(Problems.orderFailed),
    OrderIsCancelled: () => because(Problems.orderCancelled),
    OrderHasShipped: () => because(Problems.orderShipped),
    OrderNotShipped: () => because(Problems.notShipped),
    RefundInOtherCurrency: () => because(Problems.refundInOtherCurrency),
    RefundTooLarge: () => because(Problems.refundTooLarge),
    TooManyOpenOrders: () => because(Problems.tooManyOpenOrders),
    TooManyFailedPayments: ({ retryAfterSeconds }) => because(Problems.tooManyFailedPayments, { retryAfterSeconds }),
    UnknownProduct: () => because(Problems.unknownProduct),
    TooManyLines: () => because(Problems.tooManyLines),
    QuantityTooLarge: () => because(Problems.quantityTooLarge),
    MixedCurrencies: () => because(Problems.mixedCurrencies),
    PaymentNotRequested: () => onlyMessages,
    PaymentOfOtherAmount: () => onlyMessages,
    TotalNotChargeable: () => because(Problems.totalNotChargeable)
  })
}

/** What only messages can be refused for. */
const onlyMessages = Effect.dieMessage("No request says that money came or went.")
