import type { Currency } from "@quartet/contracts/Currency"
import { CustomerId, OrderId, PaymentMethodId, RefundId, ShipmentId, Sku } from "@quartet/contracts/Ids"
import { Quantity } from "@quartet/contracts/Quantity"
import { eventsOf } from "@quartet/messaging/Decision"
import { DateTime, Duration, HashMap } from "effect"
import { v7 } from "uuid"
import * as Command from "../../src/domain/Command.ts"
import type { Slice } from "../../src/domain/Decider.ts"
import { decide, evolveSlice, orderIn } from "../../src/domain/Decider.ts"
import type { OrderEvent } from "../../src/domain/Event.ts"
import type { Product } from "../../src/domain/Pricing.ts"

export const policy = {
  draftExpiresAfter: Duration.minutes(15),
  holdExpiresAfter: Duration.minutes(10),
  sizes: { lines: 50, quantity: 1000, total: 99_999_999 },
  limits: { openOrders: 3, failedPayments: 2 }
}
export const at = DateTime.unsafeMake("2026-03-02T09:15:00Z")
export const orderId = OrderId.make("01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10")
export const shipmentId = ShipmentId.make("01993c4f-02d8-7e15-b3a0-91c7d4f6082e")
export const refundId = RefundId.make("01993c4f-1b66-7d0c-a8e1-5f3c27b94d60")
export const customerId = CustomerId.make("ada")
export const stranger = CustomerId.make("mallory")
export const card = PaymentMethodId.make("pm_card_visa")
export const tea = Sku.make("TEA")
export const pot = Sku.make("POT")
export const yen = Sku.make("YEN")

export const product = (sku: Sku, amount: number, currency: Currency = "EUR"): Product => ({
  sku,
  name: `The ${sku}`,
  price: { amount, currency }
})

export const products = HashMap.fromIterable(
  [product(tea, 890), product(pot, 5900), product(yen, 500, "JPY")].map((one): [Sku, Product] => [one.sku, one])
)
export const nothing: Slice = { orders: HashMap.empty(), products, customers: HashMap.empty() }

export const line = (sku: Sku, quantity: number) => ({ sku, quantity: Quantity.make(quantity) })

/** 2 teas and a pot: 76.80 EUR. */
export const total = { amount: 7680, currency: "EUR" } satisfies Product["price"]

export const place = Command.Place.make({ orderId, customerId, lines: [line(tea, 2), line(pot, 1)] })
export const reserve = Command.RecordReservation.make({ orderId })
export const pay = Command.Pay.make({ orderId, customerId, paymentMethodId: card })
export const cancel = Command.Cancel.make({ orderId, customerId })
export const paid = Command.RecordPayment.make({ orderId, refundId, amount: total })
export const declined = Command.RecordPaymentFailure.make({ orderId, attempt: 1, reason: "declined" })
export const shipped = Command.RecordShipment.make({ orderId, shipmentId })
export const notShipped = Command.RecordShipmentCancellation.make({ orderId, refundId })
export const stockLost = Command.RecordStockLoss.make({ orderId, refundId })
export const outOfStock = Command.RecordStockRejection.make({ orderId, reason: "out_of_stock" })
export const action = Command.RecordActionRequired.make({
  orderId,
  attempt: 1,
  nextAction: { type: "redirect_to_url", url: "https://bank.example/3ds" }
})
export const giveBack = (amount: number, id = refundId) =>
  Command.RequestRefund.make({
    orderId,
    refundId: id,
    amount: { ...total, amount },
    because: "a cup broke",
    askedBy: "olga"
  })
export const refunded = Command.RecordRefund.make({
  orderId,
  refundId,
  amount: total,
  reason: "cancelled_after_payment",
  covered: false
})
/** Somebody gave so much back at the provider. */
export const byHand = (amount: number, id = "re_hand") =>
  Command.RecordRefund.make({
    orderId,
    refundId: id,
    amount: { ...total, amount },
    reason: "made_at_provider",
    covered: false
  })
export const refundFailed = Command.RecordRefundFailure.make({ orderId, refundId, amount: total })
export const draftExpired = Command.ExpireDraft.make({ orderId })
export const holdExpired = Command.ExpireHold.make({ orderId })
export const committed = Command.NoteCommit.make({ orderId })
export const released = Command.NoteRelease.make({ orderId })

/** The commands that bring an order into each of its states. */
export const histories = {
  Absent: [],
  Draft: [place],
  Reserved: [place, reserve],
  PaymentPending: [place, reserve, pay],
  Paid: [place, reserve, pay, paid],
  Cancelling: [place, reserve, pay, paid, cancel],
  Shipped: [place, reserve, pay, paid, shipped],
  Failed: [place, reserve, pay, declined],
  Cancelled: [place, reserve, pay, cancel]
} satisfies Record<string, ReadonlyArray<Command.OrderCommand>>
export type Stage = keyof typeof histories

/** What one command leads to. */
export const given = (history: ReadonlyArray<Command.OrderCommand>, from: Slice = nothing) => {
  const slice = history.reduce((before, command) => apply(before, command), from)
  return {
    slice,
    order: orderIn(slice, orderId),
    evolve: (event: OrderEvent) => evolveSlice(slice, event),
    when: (command: Command.OrderCommand) => {
      const decision = decide(policy)(slice, command, at)
      const after = eventsOf(decision).reduce(evolveSlice, slice)
      return {
        decision,
        after,
        order: orderIn(after, command.orderId),
        tags: eventsOf(decision).map(({ _tag }) => _tag)
      }
    }
  }
}

export const apply = (slice: Slice, command: Command.OrderCommand): Slice =>
  eventsOf(decide(policy)(slice, command, at)).reduce(evolveSlice, slice)

export const newOrderId = () => OrderId.make(v7())
