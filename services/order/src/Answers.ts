import { HttpServerResponse } from "@effect/platform"
import { orderShipped } from "@quartet/contracts/OrderProblems"
import * as Problem from "@quartet/contracts/Problem"
import { textOf } from "@quartet/messaging/Json"
import type { Answer } from "@quartet/messaging/KeyClaim"
import { Schema } from "effect"
import { OrderHasShipped } from "./domain/Rejection.ts"
import type { Order } from "./domain/State.ts"
import { refundsOf, viewOf } from "./OrderView.ts"

const encodeProblem = Schema.encodeSync(Schema.parseJson(Problem.Problem))

/** An order as the text that its customer gets; replays return the very same. */
const orderText = (order: Order): string => textOf(viewOf(order))

/** 201 and where the order is, whatever became of it while the caller waited. */
export const placed = (order: Order): Answer => ({
  status: 201,
  headers: { location: `/orders/${order.orderId}` },
  body: orderText(order)
})

/** 202 while the payment is under way or waits for the customer; 200 once it is decided, whichever way. */
export const payment = (order: Order): Answer => ({
  status: order._tag === "PaymentPending" ? 202 : 200,
  headers: {},
  body: orderText(order)
})

/** 200 when the order is called off, 202 while the warehouse decides, 409 when the parcel had left. */
export const cancellation = (order: Order): Answer => {
  if (order._tag !== "Shipped") {
    return { status: order._tag === "Paid" ? 202 : 200, headers: {}, body: orderText(order) }
  }
  const { message } = new OrderHasShipped({ orderId: order.orderId })
  return { status: 409, headers: {}, body: encodeProblem(orderShipped.make(message, "")) }
}

/** 202 while the provider has not decided on what was asked for, 200 once it has. */
export const refunds = (order: Order, isUnderWay: boolean): Answer => ({
  status: isUnderWay ? 202 : 200,
  headers: {},
  body: textOf(refundsOf(order))
})

/** The order as it is now. */
export const order = (order: Order): Answer => ({
  status: 200,
  headers: known(order),
  body: orderText(order)
})

/** A version names one state of an order. Source: RFC 9110, §8.8.3. */
export const etagOf = ({ version }: Order): string => `"${version}"`

/**
 * What a 304 says as well. Its customer's own cache may keep an order, and must ask each time whether it is still so.
 * Source: RFC 9111, §5.2.2.
 */
export const known = (order: Order) => ({ etag: etagOf(order), "cache-control": "private, no-cache" })

/** Whether the caller has this version already. Source: RFC 9110, §13.1.2, weak comparison. */
export const isKnown = (ifNoneMatch: string | undefined, order: Order): boolean =>
  ifNoneMatch?.trim() === "*" || tagsOf(ifNoneMatch ?? "").includes(etagOf(order))

/** The tags of a list, weak or strong; one may hold a comma itself. */
const tagsOf = (list: string): ReadonlyArray<string> => list.match(/"[^"]*"/g) ?? []

/** The answer on its way out. */
export const toResponse = (
  { body, headers, status }: Answer,
  more: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  // As text: it leaves together with its header, and is not copied into bytes before.
  HttpServerResponse.raw(body, {
    status,
    contentType: status < 400 ? "application/json" : Problem.mediaType,
    headers: { "cache-control": "no-store", ...headers, ...more }
  })
