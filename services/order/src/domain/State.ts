import { CustomerId, OrderId, ShipmentId } from "@quartet/contracts/Ids"
import { OrderLine } from "@quartet/contracts/Lines"
import { Money } from "@quartet/contracts/Money"
import { Attempt, CancellationReason, OrderFailureReason } from "@quartet/contracts/OrderMessages"
import { Refund } from "@quartet/contracts/OrderStatus"
import { NextAction, PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import * as Trusted from "@quartet/contracts/Trusted"
import { Match, Option, Schema } from "effect"
import type { OrderEvent } from "./Event.ts"
import type { RefundEvent } from "./Refund.ts"
import * as Refunds from "./Refund.ts"

/** Why an order failed: for want of goods, or of money. */
export const FailureReason = Schema.Union(
  Schema.typeSchema(OrderFailureReason),
  Schema.typeSchema(PaymentFailureReason)
)

const known = {
  orderId: OrderId,
  customerId: CustomerId,
  version: Schema.Int,
  lines: Schema.NonEmptyArray(OrderLine),
  total: Money,
  refund: Refund,
  refunds: Schema.Array(Refunds.OrderRefund),
  placedAt: Schema.DateTimeUtcFromDate,
  updatedAt: Schema.DateTimeUtcFromDate
}

/** No such order. */
export class Absent extends Trusted.TaggedClass<Absent>()("Absent", {}) {}

/** Placed; whether its goods are there is not known yet. */
export class Draft extends Trusted.TaggedClass<Draft>()("Draft", known) {}

/** Its goods are held until `holdUntil`; the customer may pay. */
export class Reserved extends Trusted.TaggedClass<Reserved>()("Reserved", {
  ...known,
  holdUntil: Schema.DateTimeUtcFromDate
}) {}

/** The customer pressed the button; `nextAction` is what they have to do before the charge goes on. */
export class PaymentPending extends Trusted.TaggedClass<PaymentPending>()("PaymentPending", {
  ...known,
  attempt: Attempt,
  nextAction: Schema.OptionFromNullOr(NextAction)
}) {}

/** Paid in full; while `cancelling`, the warehouse is asked whether the parcel is still there. */
export class Paid extends Trusted.TaggedClass<Paid>()("Paid", { ...known, cancelling: Schema.Boolean }) {}

/** The parcel left. Final. */
export class Shipped extends Trusted.TaggedClass<Shipped>()("Shipped", { ...known, shipmentId: ShipmentId }) {}

/** Whether the order ever asked for its payment: money can only have come if it did. */
const paymentRequested = Schema.Boolean.pipe(Schema.propertySignature, Schema.withConstructorDefault(() => true))

/** It came to nothing. Final. */
export class Failed extends Trusted.TaggedClass<Failed>()("Failed", {
  ...known,
  paymentRequested,
  reason: FailureReason
}) {}

/** It was called off. Final. */
export class Cancelled extends Trusted.TaggedClass<Cancelled>()("Cancelled", {
  ...known,
  paymentRequested,
  reason: Schema.typeSchema(CancellationReason)
}) {}

export const Order = Schema.Union(Draft, Reserved, PaymentPending, Paid, Shipped, Failed, Cancelled)
/** An order in one of its states. */
export type Order = typeof Order.Type

export type State = Absent | Order

export const absent: State = Absent.make({})

/** How often it changed. */
export const versionOf = (state: State): number => state._tag === "Absent" ? 0 : state.version

/** Something is under way that the customer need not do anything for: it will change by itself. */
export const isUnderWay = (order: Order): boolean =>
  order._tag === "Draft" || order._tag === "Paid" ||
  (order._tag === "PaymentPending" && Option.isNone(order.nextAction))

/** What is true after the event. */
export const evolve = (state: State, event: OrderEvent): State => {
  if (event._tag === "OrderPlaced") {
    const { at, customerId, lines, orderId, total } = event
    const begun = { version: 1, refund: Refunds.wordOf([]), refunds: [], placedAt: at, updatedAt: at }
    return Draft.make({ orderId, customerId, lines, total, ...begun })
  }
  return state._tag === "Absent" ? state : next({ ...state, version: state.version + 1, updatedAt: event.at }, event)
}

/** The order after the event, its version and time given already. */
const next = (order: Order, event: Exclude<OrderEvent, { readonly _tag: "OrderPlaced" }>): Order => {
  switch (event._tag) {
    case "StockReserved":
      return Reserved.make({ ...order, holdUntil: event.holdUntil })
    case "PaymentRequested":
      return PaymentPending.make({ ...order, attempt: event.attempt, nextAction: Option.none() })
    case "ActionRequired":
      return order._tag === "PaymentPending"
        ? PaymentPending.make({ ...order, nextAction: Option.some(event.nextAction) })
        : order
    case "PaymentReceived":
      return Paid.make({ ...order, cancelling: false })
    case "CancellationRequested":
      return Paid.make({ ...order, cancelling: true })
    case "OrderShipped":
      return Shipped.make({ ...order, shipmentId: event.shipmentId })
    case "StockRejected":
      return Failed.make({ ...order, reason: event.reason, paymentRequested: false })
    case "PaymentFailed":
      return Failed.make({ ...order, reason: event.reason, paymentRequested: true })
    case "StockLost":
      return Failed.make({ ...order, reason: "stock_lost", paymentRequested: true })
    case "OrderCancelled": {
      const paymentRequested = order._tag === "PaymentPending" || order._tag === "Paid"
      return Cancelled.make({ ...order, reason: event.reason, paymentRequested })
    }
    case "RefundRequested":
    case "RefundMade":
    case "RefundFailed":
      return withRefund(order, event)
  }
}

const withRefund = (order: Order, event: RefundEvent): Order => {
  const refunds = Refunds.after(order.refunds, event)
  const now = { refunds, refund: Refunds.wordOf(refunds) }
  return Match.valueTags(order, {
    Draft: (draft) => Draft.make({ ...draft, ...now }),
    Reserved: (reserved) => Reserved.make({ ...reserved, ...now }),
    PaymentPending: (pending) => PaymentPending.make({ ...pending, ...now }),
    Paid: (paid) => Paid.make({ ...paid, ...now }),
    Shipped: (shipped) => Shipped.make({ ...shipped, ...now }),
    Failed: (failed) => Failed.make({ ...failed, ...now }),
    Cancelled: (cancelled) => Cancelled.make({ ...cancelled, ...now })
  })
}
