import { assert, describe, it } from "@effect/vitest"
import { RefundId } from "@quartet/contracts/Ids"
import type { Money } from "@quartet/contracts/Money"
import type { Decision } from "@quartet/messaging/Decision"
import { DateTime, Duration, HashMap } from "effect"
import { v7 } from "uuid"
import type { OrderCommand } from "../src/domain/Command.ts"
import {
  Place,
  RecordActionRequired,
  RecordPayment,
  RecordPaymentFailure,
  RecordRefundFailure,
  RequestRefund
} from "../src/domain/Command.ts"
import { decide, orderIn } from "../src/domain/Decider.ts"
import type { OrderEvent } from "../src/domain/Event.ts"
import type { OrderRejection } from "../src/domain/Rejection.ts"
import { Cancelled, isUnderWay } from "../src/domain/State.ts"
import * as O from "./support/Orders.ts"

/** `ignored`, `early`, the rejection's tag, or the events and the status they lead to. */
const outcome = (history: ReadonlyArray<OrderCommand>, command: OrderCommand): string => {
  const { decision, order, tags } = O.given(history).when(command)
  return describeDecision(decision) ?? `${tags.join("+")} ${order._tag}`
}

const describeDecision = (decision: Decision<OrderEvent, OrderRejection>): string | undefined => {
  if (decision._tag === "Refused") return decision.rejection._tag
  if (decision._tag === "Ignored") return "ignored"
  return decision._tag === "TooEarly" ? "early" : undefined
}

const stages: ReadonlyArray<O.Stage> = [
  "Absent",
  "Draft",
  "Reserved",
  "PaymentPending",
  "Paid",
  "Cancelling",
  "Shipped",
  "Failed",
  "Cancelled"
]

/** One row of the state table: what a command does in each stage. */
const row = (command: OrderCommand) => stages.map((stage) => outcome(O.histories[stage], command))

describe("the order's life", () => {
  it("is placed, reserved, paid and shipped", () => {
    assert.deepStrictEqual(O.given([]).when(O.place).tags, ["OrderPlaced"])
    const { order } = O.given([O.place, O.reserve, O.pay, O.paid, O.shipped])
    assert.deepInclude(order, { _tag: "Shipped", version: 5, shipmentId: O.shipmentId, refund: "none", total: O.total })
  })

  const table: ReadonlyArray<readonly [name: string, command: OrderCommand, row: ReadonlyArray<string>]> = [
    ["pays only what is reserved, and once (H19, H20, H21, H22)", O.pay, [
      "OrderNotFound",
      "OrderNotReserved",
      "PaymentRequested PaymentPending",
      "PaymentInProgress",
      "ignored",
      "ignored",
      "ignored",
      "OrderHasFailed",
      "OrderIsCancelled"
    ]],
    ["is cancelled until it has left (H25, H28, H29, H31, H32)", O.cancel, [
      "OrderNotFound",
      "OrderCancelled Cancelled",
      "OrderCancelled Cancelled",
      "OrderCancelled Cancelled",
      "CancellationRequested Paid",
      "ignored",
      "OrderHasShipped",
      "OrderHasFailed",
      "ignored"
    ]],
    ["hears once that its goods are held (H33, H36)", O.reserve, [
      "early",
      "StockReserved Reserved",
      ...Array.from({ length: 7 }, () => "ignored")
    ]],
    ["fails when its goods are not there (H35)", O.outOfStock, [
      "early",
      "StockRejected Failed",
      ...Array.from({ length: 7 }, () => "ignored")
    ]],
    ["becomes paid, and gives late money back (H26, H27)", O.paid, [
      "early",
      "early",
      "early",
      "PaymentReceived Paid",
      "ignored",
      "ignored",
      "ignored",
      "RefundRequested Failed",
      "RefundRequested Cancelled"
    ]],
    ["fails with its payment, but never after success (H22, H23, H24)", O.declined, [
      "early",
      "early",
      "early",
      "PaymentFailed Failed",
      ...Array.from({ length: 5 }, () => "ignored")
    ]],
    ["shows what the customer has to do", O.action, [
      "early",
      "early",
      "early",
      "ActionRequired PaymentPending",
      ...Array.from({ length: 5 }, () => "ignored")
    ]],
    ["ships when it is paid, and waits for the payment otherwise (H30, H37)", O.shipped, [
      "early",
      "early",
      "early",
      "early",
      "OrderShipped Shipped",
      "OrderShipped Shipped",
      "ignored",
      "ignored",
      "ignored"
    ]],
    ["is cancelled and refunded when the warehouse says so (H29)", O.notShipped, [
      "early",
      "early",
      "early",
      "early",
      "OrderCancelled+RefundRequested Cancelled",
      "OrderCancelled+RefundRequested Cancelled",
      "ignored",
      "ignored",
      "ignored"
    ]],
    ["fails and is refunded when its goods are lost after it was paid (H38)", O.stockLost, [
      "early",
      "early",
      "early",
      "early",
      "StockLost+RefundRequested Failed",
      "StockLost+RefundRequested Failed",
      "ignored",
      "ignored",
      "ignored"
    ]],
    ["runs out as a draft (H40)", O.draftExpired, [
      "early",
      "OrderCancelled Cancelled",
      ...Array.from({ length: 7 }, () => "ignored")
    ]],
    ["runs out as a hold, but not once it is being paid (H38)", O.holdExpired, [
      "early",
      "ignored",
      "OrderCancelled Cancelled",
      ...Array.from({ length: 6 }, () => "ignored")
    ]],
    ["takes note of what stock did besides (H44)", O.committed, [
      "early",
      ...Array.from({ length: 8 }, () => "ignored")
    ]],
    ["takes note of what stock freed (H44)", O.released, ["early", ...Array.from({ length: 8 }, () => "ignored")]],
    ["records a refund wherever there was a payment (H209)", O.refunded, [
      "early",
      "early",
      "early",
      "RefundMade PaymentPending",
      "RefundMade Paid",
      "RefundMade Paid",
      "RefundMade Shipped",
      "RefundMade Failed",
      "RefundMade Cancelled"
    ]]
  ]
  for (const [name, command, expected] of table) it(name, () => assert.deepStrictEqual(row(command), expected))
})

describe("money", () => {
  it("asks for a refund of late money once, and records what became of it", () => {
    const late = [...O.histories.Cancelled, O.paid]
    assert.strictEqual(outcome(late, O.paid), "ignored")
    assert.deepInclude(O.given(late).order, { _tag: "Cancelled", refund: "requested", version: 5 })
    assert.deepInclude(O.given([...late, O.refunded]).order, { refund: "refunded", version: 6 })
    assert.deepInclude(O.given([...late, O.refundFailed]).order, { refund: "failed" })
    assert.strictEqual(outcome([...late, O.refunded], O.refunded), "ignored")
    assert.strictEqual(outcome([...late, O.refundFailed], O.refundFailed), "ignored")
  })

  it("shows a refund that the bank returned days later as failed, in whatever order the news comes (H66)", () => {
    const late = [...O.histories.Cancelled, O.paid]
    assert.strictEqual(outcome([...late, O.refunded], O.refundFailed), "RefundFailed Cancelled")
    assert.strictEqual(outcome([...late, O.refundFailed], O.refunded), "ignored")
    const failed = O.given([...late, O.refunded, O.refundFailed]).order
    assert.deepInclude(failed, { refund: "failed" })
    // Until somebody gave it back by another way.
    assert.deepInclude(O.given([...late, O.refundFailed, O.byHand(7680)]).order, { refund: "refunded" })
  })

  it("takes a failure without a number for that of the refund of its amount (H167)", () => {
    const { order } = O.given([...O.histories.Cancelled, O.paid]).when(
      RecordRefundFailure.make({ orderId: O.orderId, amount: O.total })
    )
    assert.deepInclude(order, { refund: "failed" })
    assert.strictEqual("refunds" in order ? order.refunds.length : 0, 1)
  })

  it("never takes another amount or currency for the payment", () => {
    const others: ReadonlyArray<typeof Money.Type> = [{ ...O.total, amount: 7679 }, { ...O.total, currency: "USD" }]
    for (const amount of others) {
      const { decision, order } = O.given(O.histories.PaymentPending).when(
        RecordPayment.make({ orderId: O.orderId, refundId: O.refundId, amount })
      )
      assert.strictEqual(order._tag, "PaymentPending")
      assert.strictEqual(describeDecision(decision), "PaymentOfOtherAmount")
    }
  })

  it("leaves an attempt alone that the news is not about (H23)", () => {
    const { orderId } = O
    const other = RecordPaymentFailure.make({ orderId, attempt: 2, reason: "declined" })
    const otherAction = RecordActionRequired.make({ orderId, attempt: 2, nextAction: { type: "x" } })
    assert.strictEqual(outcome(O.histories.PaymentPending, other), "ignored")
    assert.strictEqual(outcome(O.histories.PaymentPending, otherAction), "ignored")
  })

  it("shows one action once, and the next one when there is another", () => {
    const acted = [...O.histories.PaymentPending, O.action]
    assert.strictEqual(outcome(acted, O.action), "ignored")
    const next = RecordActionRequired.make({ orderId: O.orderId, attempt: 1, nextAction: { type: "use_app" } })
    assert.strictEqual(outcome(acted, next), "ActionRequired PaymentPending")
  })

  it("does not owe twice what went back already", () => {
    assert.strictEqual(outcome([...O.histories.Paid, O.refunded], O.notShipped), "OrderCancelled Cancelled")
  })

  it("asks nothing again of an order whose refund is from before refunds were told apart (H167)", () => {
    const { order, slice } = O.given([...O.histories.Cancelled, O.paid])
    if (order._tag !== "Cancelled") return assert.fail(order._tag)
    const before = { ...slice, orders: HashMap.set(slice.orders, O.orderId, Cancelled.make({ ...order, refunds: [] })) }
    assert.deepStrictEqual(O.given([], before).when(O.paid).tags, [])
    const { order: after } = O.given([], before).when(O.refunded)
    assert.deepInclude(after, { refund: "refunded" })
  })

  it("asks for the rest when a part went back by hand before (H209)", () => {
    const { decision } = O.given([...O.histories.Paid, O.byHand(680)]).when(O.notShipped)
    const [, refund] = decision._tag === "Accepted" ? decision.events : []
    assert.deepInclude(refund, { _tag: "RefundRequested", amount: { ...O.total, amount: 7000 } })
  })
})

describe("an operator who gives money back", () => {
  const other = RefundId.make("01993c4f-1b66-7d0c-a8e1-5f3c27b94d61")

  it("can do so once the parcel has left, and not before", () => {
    assert.deepStrictEqual(row(O.giveBack(300)), [
      "OrderNotFound",
      ...Array.from({ length: 5 }, () => "OrderNotShipped"),
      "RefundRequested Shipped",
      "OrderNotShipped",
      "OrderNotShipped"
    ])
  })

  it("gives one part after the other, and never more than was charged (H65)", () => {
    const first = [...O.histories.Shipped, O.giveBack(7000)]
    assert.strictEqual(outcome(first, O.giveBack(7000)), "ignored")
    assert.strictEqual(outcome(first, O.giveBack(681, other)), "RefundTooLarge")
    assert.strictEqual(outcome(first, O.giveBack(680, other)), "RefundRequested Shipped")
    assert.strictEqual(
      outcome([...first, O.giveBack(680, other)], O.giveBack(1, RefundId.make(v7()))),
      "RefundTooLarge"
    )
  })

  it("is held to what others gave back by hand, and may give again what failed (H65, H66, H209)", () => {
    assert.strictEqual(outcome([...O.histories.Shipped, O.byHand(7000)], O.giveBack(681)), "RefundTooLarge")
    const failed = [...O.histories.Shipped, O.giveBack(7680), O.refundFailed]
    assert.deepInclude(O.given(failed).order, { refund: "failed" })
    assert.strictEqual(outcome(failed, O.giveBack(7680, other)), "RefundRequested Shipped")
  })

  it("is held to the currency in which the order was paid", () => {
    const { decision } = O.given(O.histories.Shipped).when(
      RequestRefund.make({ ...O.giveBack(300), amount: { amount: 300, currency: "USD" } })
    )
    assert.strictEqual(describeDecision(decision), "RefundInOtherCurrency")
  })
})

describe("placing", () => {
  const wanting = (...lines: ReadonlyArray<readonly [typeof O.tea, number]>) => {
    const [first = O.line(O.tea, 1), ...rest] = lines.map(([sku, quantity]) => O.line(sku, quantity))
    return Place.make({ orderId: O.orderId, customerId: O.customerId, lines: [first, ...rest] })
  }

  it("takes prices from the price list and keeps them when the list changes (H186, H188)", () => {
    const { slice } = O.given([O.place])
    const dearer = { ...slice, products: HashMap.set(slice.products, O.tea, O.product(O.tea, 99_999)) }
    const order = orderIn(O.apply(dearer, O.reserve), O.orderId)
    assert.deepInclude(order, { _tag: "Reserved", total: O.total })
  })

  it("makes one line of two with the same SKU, and refuses what they add up to (H183)", () => {
    const { order } = O.given([]).when(wanting([O.tea, 1], [O.pot, 1], [O.tea, 2]))
    assert.deepStrictEqual("lines" in order ? order.lines.map(({ quantity, sku }) => [sku, quantity]) : [], [
      [O.tea, 3],
      [O.pot, 1]
    ])
    assert.strictEqual(outcome([], wanting([O.tea, 600], [O.tea, 401])), "QuantityTooLarge")
  })

  it("refuses unknown products, mixed currencies and totals that cannot be charged (H184, H185, H187)", () => {
    const unknown = O.given([], { ...O.nothing, products: HashMap.remove(O.products, O.pot) }).when(O.place).decision
    assert.strictEqual(describeDecision(unknown), "UnknownProduct")
    assert.strictEqual(outcome([], wanting([O.tea, 1], [O.yen, 1])), "MixedCurrencies")
    const priced = (amount: number) =>
      describeDecision(
        O.given([], { ...O.nothing, products: HashMap.set(O.products, O.tea, O.product(O.tea, amount)) })
          .when(wanting([O.tea, 1000])).decision
      )
    assert.strictEqual(priced(99_999), undefined)
    assert.strictEqual(priced(100_000), "TotalNotChargeable")
    assert.strictEqual(priced(Number.MAX_SAFE_INTEGER), "TotalNotChargeable")
    assert.strictEqual(priced(0), "TotalNotChargeable")
  })

  it("takes an order as large as may be, and none larger (H183, H187)", () => {
    const sizes = { lines: 2, quantity: 5, total: 10_350 }
    const small = (...wanted: ReadonlyArray<readonly [typeof O.tea, number]>) =>
      describeDecision(decide({ ...O.policy, sizes })(O.nothing, wanting(...wanted), O.at))
    assert.strictEqual(small([O.tea, 5], [O.pot, 1]), undefined)
    assert.strictEqual(small([O.tea, 1], [O.tea, 1], [O.pot, 1]), "TooManyLines")
    assert.strictEqual(small([O.tea, 3], [O.tea, 3]), "QuantityTooLarge")
    assert.strictEqual(small([O.pot, 2]), "TotalNotChargeable")
  })

  it("decides nothing when the order is there already", () => {
    assert.deepStrictEqual(row(O.place).slice(1), Array.from({ length: 8 }, () => "ignored"))
  })

  it("knows when a draft and a hold run out", () => {
    const { decision } = O.given([]).when(O.place)
    const [placed] = decision._tag === "Accepted" ? decision.events : []
    assert.deepInclude(placed, { draftUntil: DateTime.addDuration(O.at, Duration.minutes(15)) })
    assert.deepInclude(O.given([O.place, O.reserve]).order, {
      holdUntil: DateTime.addDuration(O.at, Duration.minutes(10))
    })
  })
})

describe("other people's orders", () => {
  it("are refused exactly as those that do not exist (H190)", () => {
    for (const command of [O.pay, O.cancel]) {
      const absent = O.given([]).when(command).decision
      for (const stage of stages) {
        const foreign = { ...command, customerId: O.stranger }
        const { decision } = O.given(O.histories[stage]).when(foreign)
        assert.deepStrictEqual(decision, absent)
      }
    }
  })
})

describe("what is under way", () => {
  it("changes by itself: a draft, a payment that needs nothing, and a paid order", () => {
    const waiting = stages.filter((stage) => {
      const { order } = O.given(O.histories[stage])
      return order._tag !== "Absent" && isUnderWay(order)
    })
    assert.deepStrictEqual(waiting, ["Draft", "PaymentPending", "Paid", "Cancelling"])
    const { order } = O.given([...O.histories.PaymentPending, O.action])
    assert.isFalse(order._tag !== "Absent" && isUnderWay(order))
  })
})
