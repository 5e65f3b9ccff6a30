import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { cardNumber } from "@quartet/contracts/EdgeRefusals"
import { OrderId } from "@quartet/contracts/Ids"
import { invalidKey, keyInProgress, keyReused } from "@quartet/contracts/KeyProblems"
import { Money, SomeMoney } from "@quartet/contracts/Money"
import { keyed } from "@quartet/contracts/OrderApi"
import * as Problems from "@quartet/contracts/OrderProblems"
import { RefundView } from "@quartet/contracts/OrderView"
import { Schema } from "effect"

/** What an operator says to give money back: how much, and because of what. */
export const RefundOrder = Schema.Struct({
  amount: SomeMoney,
  reason: Schema.String.pipe(
    Schema.pattern(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u, { description: "1 to 200 printable characters" })
  )
}).annotations({ identifier: "RefundOrder", parseOptions: { onExcessProperty: "error" } })

/** What was charged, and each refund of it as it is now. */
export const OrderRefunds = Schema.Struct({ id: OrderId, total: Money, refunds: Schema.Array(RefundView) }).annotations(
  {
    identifier: "OrderRefunds"
  }
)

const id = HttpApiSchema.param("id", OrderId)

/** The refunds of an order. */
export const refunds = HttpApiGroup.make("refunds")
  .annotate(OpenApi.Description, "Refunds of shipped orders, in part or in full.")
  .add(
    HttpApiEndpoint.post("give")`/orders/${id}/refunds`
      .setHeaders(keyed)
      .setPayload(RefundOrder)
      .addSuccess(OrderRefunds, { status: 202 })
      .addSuccess(OrderRefunds)
      .addError(Problems.notFound.schema)
      .addError(Problems.notShipped.schema)
      .addError(Problems.refundTooLarge.schema)
      .addError(Problems.refundInOtherCurrency.schema)
      .addError(cardNumber.schema)
      .addError(invalidKey.schema)
      .addError(keyReused.schema)
      .addError(keyInProgress.schema)
      .annotate(OpenApi.Summary, "Refund an order")
      .annotate(
        OpenApi.Description,
        "Gives a part of a shipped order's money back, or all of it. 202 while it is on its way; 200 once the provider has decided: see the status of the last refund."
      )
  )
  .add(
    HttpApiEndpoint.get("list")`/orders/${id}/refunds`
      .addSuccess(OrderRefunds)
      .addError(Problems.notFound.schema)
      .annotate(OpenApi.Summary, "List the refunds of an order")
      .annotate(OpenApi.Description, "What was charged for an order, and each refund of it as it is now.")
  )
