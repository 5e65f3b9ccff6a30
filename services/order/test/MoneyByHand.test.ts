import { assert, describe, it } from "@effect/vitest"
import type { Money } from "@quartet/contracts/Money"
import type { OrderCommand } from "../src/domain/Command.ts"
import { RecordPayment, RecordRefund, RecordRefundFailure } from "../src/domain/Command.ts"
import * as O from "./support/Orders.ts"

/** Why a command was not taken. */
const outcome = (history: ReadonlyArray<OrderCommand>, command: OrderCommand): string => {
  const { decision } = O.given(history).when(command)
  if (decision._tag === "Refused") return decision.rejection._tag
  return decision._tag === "TooEarly" ? "early" : decision._tag
}

describe("money", () => {
  const money = (amount: number, currency: Money["currency"] = O.total.currency): Money => ({ amount, currency })
  const came = (amount: Money) => RecordPayment.make({ orderId: O.orderId, refundId: O.refundId, amount })
  const went = (amount: Money, refundId: string = O.refundId) =>
    RecordRefund.make({ orderId: O.orderId, refundId, amount, reason: "late_payment", covered: false })
  const failedToGo = (amount: Money) => RecordRefundFailure.make({ orderId: O.orderId, refundId: "re_1", amount })
  const never = [O.place, O.reserve, O.cancel]
  const outOfStock = [O.place, O.outOfStock]
  const late = [...O.histories.Cancelled, O.paid]
  const { amount: total } = O.total
  const byHand: ReadonlyArray<readonly [string, ReadonlyArray<OrderCommand>, OrderCommand, string]> = [
    [
      "a payment of an order that was cancelled before it asked for one",
      never,
      came(money(999_999)),
      "PaymentNotRequested"
    ],
    ["the exact payment of such an order", never, came(O.total), "PaymentNotRequested"],
    ["a payment of an order without stock", outOfStock, came(O.total), "PaymentNotRequested"],
    [
      "more than was asked for, after a cancellation",
      O.histories.Cancelled,
      came(money(total + 1)),
      "PaymentOfOtherAmount"
    ],
    ["less than was asked for, after a failure", O.histories.Failed, came(money(1)), "PaymentOfOtherAmount"],
    [
      "another currency, after a cancellation",
      O.histories.Cancelled,
      came(money(total, "USD")),
      "PaymentOfOtherAmount"
    ],
    ["another amount for a paid order", O.histories.Paid, came(money(total + 1)), "PaymentOfOtherAmount"],
    ["another amount for a shipped order", O.histories.Shipped, came(money(1)), "PaymentOfOtherAmount"],
    ["a payment of an unknown order", [], came(O.total), "early"],
    ["a payment that nobody asked for yet", O.histories.Reserved, came(O.total), "early"],
    ["a refund of more than was charged", O.histories.Shipped, went(money(total + 1), "re_1"), "RefundTooLarge"],
    ["a refund of more than is left", [...late, O.refunded], went(money(1), "re_1"), "RefundTooLarge"],
    ["a refund of more than was asked for", late, went(money(total + 1)), "RefundTooLarge"],
    ["a refund in another currency", late, went(money(1, "USD")), "RefundInOtherCurrency"],
    ["a refund of an order that never asked for a payment", never, went(O.total), "PaymentNotRequested"],
    ["a refund of an unknown order", [], went(O.total), "early"],
    [
      "the failure of a refund of more than was charged",
      O.histories.Shipped,
      failedToGo(money(total + 1)),
      "RefundTooLarge"
    ],
    [
      "the failure of a refund in another currency",
      O.histories.Shipped,
      failedToGo(money(1, "USD")),
      "RefundInOtherCurrency"
    ],
    ["the failure of a refund that cannot be", outOfStock, failedToGo(O.total), "PaymentNotRequested"]
  ]

  it.each(byHand)("does not believe %s", (_, history, command, expected) => {
    assert.strictEqual(outcome(history, command), expected)
  })
})
