import { HttpApiBuilder } from "@effect/platform"
import { Principal } from "@quartet/contracts/Authorization"
import type { OrderId } from "@quartet/contracts/Ids"
import { newRefundId } from "@quartet/contracts/Ids"
import * as Problems from "@quartet/contracts/OrderProblems"
import * as Auth from "@quartet/hosting/Auth"
import * as Problem from "@quartet/hosting/Problem"
import { Effect, Option } from "effect"
import * as Answers from "./Answers.ts"
import { ask } from "./Asking.ts"
import { body, manner } from "./Customer.ts"
import { RequestRefund } from "./domain/Command.ts"
import type { Order } from "./domain/State.ts"
import { OperatorApi } from "./OperatorApi.ts"
import { refundsOf } from "./OrderView.ts"
import { reachable } from "./Reachable.ts"
import { RefundOrder } from "./RefundsApi.ts"
import { OrderViews } from "./Views.ts"

const operator = Auth.requireScope("operator")

// Read here and not by the API, as at the public edge: a repeated request is known by its body, and answered in bytes.
const refundOrder = body(RefundOrder)

const give = Effect.fnUntraced(function*(orderId: OrderId) {
  yield* operator
  const { subject } = yield* Principal
  const { payload: { amount, reason: because }, text } = yield* refundOrder
  const asked = yield* manner("/orders/{id}/refunds", [orderId], text)
  const refundId = yield* newRefundId
  const command = RequestRefund.make({ orderId, refundId, amount, because, askedBy: subject })
  // The trail is the customer's to read as well: which operator it was stays with the refund.
  const as = { owner: `operator:${subject}`, by: "operator" }
  const isUnderWay = ({ refunds }: Order) =>
    refunds.some((one) => one.refundId === refundId && one.status === "requested")
  const answer = (order: Order) => Answers.refunds(order, isUnderWay(order))
  return yield* ask({ command, ...as, ...asked, settled: (order) => !isUnderWay(order), answer })
})

const list = Effect.fnUntraced(function*(orderId: OrderId) {
  yield* operator
  const found = yield* (yield* OrderViews).order(orderId)
  return yield* Option.match(found, {
    onNone: () => Problem.fail(Problems.notFound, "There is no such order."),
    onSome: (order) => Effect.succeed(refundsOf(order))
  })
})

/** Who may give money back, and how that is done. */
export const refunds = HttpApiBuilder.group(OperatorApi, "refunds", (handlers) =>
  handlers
    .handleRaw("give", ({ path: { id } }) => reachable(give(id)))
    .handle("list", ({ path: { id } }) => reachable(list(id))))
