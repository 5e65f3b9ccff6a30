import type { CustomerId, OrderId } from "@quartet/contracts/Ids"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore, refuse } from "@quartet/messaging/Decision"
import { DateTime, Duration, Either, HashMap, Match, Option } from "effect"
import type { Cancel, OrderCommand, Pay, Place } from "./Command.ts"
import * as Deadlines from "./Deadlines.ts"
import type { OrderEvent } from "./Event.ts"
import { CancellationRequested, OrderCancelled, OrderPlaced, PaymentRequested } from "./Event.ts"
import * as Money from "./MoneyNews.ts"
import * as Parcel from "./ParcelNews.ts"
import * as PartialRefund from "./PartialRefund.ts"
import type { Products, Sizes } from "./Pricing.ts"
import { priced } from "./Pricing.ts"
import type { OrderRejection } from "./Rejection.ts"
import {
  OrderHasFailed,
  OrderHasShipped,
  OrderIsCancelled,
  OrderNotFound,
  OrderNotReserved,
  PaymentInProgress,
  TooManyFailedPayments,
  TooManyOpenOrders
} from "./Rejection.ts"
import type { Limits, Standing, Standings } from "./Standing.ts"
import * as Customers from "./Standing.ts"
import type { State } from "./State.ts"
import { absent, evolve } from "./State.ts"
import * as Stock from "./StockNews.ts"

/**
 * How long an order may wait: for stock's answer as a draft, and for the customer's payment once its goods are held; how
 * large it may be, and how much one customer may have.
 */
export interface Policy {
  readonly draftExpiresAfter: Duration.Duration
  readonly holdExpiresAfter: Duration.Duration
  readonly sizes: Sizes
  readonly limits: Limits
}

/** What a batch needs to know: its orders, the products that are being ordered in it, and how its customers stand. */
export interface Slice {
  readonly orders: HashMap.HashMap<OrderId, State>
  readonly products: Products
  readonly customers: Standings
}

type Decided = Decision<OrderEvent, OrderRejection>

/** The order as the slice knows it. */
export const orderIn = ({ orders }: Slice, orderId: OrderId): State =>
  Option.getOrElse(HashMap.get(orders, orderId), () => absent)

/** The slice after an event of one of its orders. */
export const evolveSlice = (slice: Slice, event: OrderEvent): Slice => {
  const before = orderIn(slice, event.orderId)
  const order = evolve(before, event)
  return {
    ...slice,
    orders: HashMap.set(slice.orders, event.orderId, order),
    customers: Customers.after(slice.customers, before, order, event.at)
  }
}

const standingOf = ({ customers }: Slice, customerId: CustomerId): Option.Option<Standing> =>
  HashMap.get(customers, customerId)

/**
 * An order is paid once, fails or is cancelled once, and what it owes its customer is asked back once. The same command
 * twice decides nothing the second time; news of the past changes nothing; news of the future is tried again later.
 */
export const decide = (policy: Policy) => (slice: Slice, command: OrderCommand, at: DateTime.Utc): Decided => {
  const order = orderIn(slice, command.orderId)
  return Match.valueTags(command, {
    Place: (c) => place(policy, slice, order, c, at),
    Pay: (c) => pay(policy, slice, order, c, at),
    Cancel: (c) => cancel(order, c, at),
    RequestRefund: (c) => PartialRefund.asked(order, c, at),
    RecordReservation: (c) => Stock.reserved(policy.holdExpiresAfter, order, c, at),
    RecordStockRejection: (c) => Stock.rejected(order, c, at),
    RecordStockLoss: (c) => Stock.lost(order, c, at),
    NoteCommit: () => Stock.committed(order),
    NoteRelease: () => Stock.released(order),
    RecordActionRequired: (c) => Money.actionRequired(order, c, at),
    RecordPayment: (c) => Money.succeeded(order, c, at),
    RecordPaymentFailure: (c) => Money.failed(order, c, at),
    RecordRefund: (c) => Money.refunded(order, c, at),
    RecordRefundFailure: (c) => Money.refundFailed(order, c, at),
    RecordRefundSettlement: (c) => Money.refundSettled(order, c, at),
    RecordShipment: (c) => Parcel.shipped(order, c, at),
    RecordShipmentCancellation: (c) => Parcel.cancelled(order, c, at),
    ExpireDraft: (c) => Deadlines.draftExpired(order, c, at),
    ExpireHold: (c) => Deadlines.holdExpired(order, c, at)
  })
}

const place = (
  { draftExpiresAfter, limits, sizes }: Policy,
  slice: Slice,
  order: State,
  { customerId, lines, orderId }: Place,
  at: DateTime.Utc
): Decided => {
  if (order._tag !== "Absent") return ignore("already placed")
  if (Customers.hasAllOrdersOpen(standingOf(slice, customerId), limits)) {
    return refuse(new TooManyOpenOrders({ orderId, limit: limits.openOrders }))
  }
  return Either.match(priced(lines, slice.products, sizes), {
    onLeft: refuse,
    onRight: ({ lines, total }) => {
      const draftUntil = DateTime.addDuration(at, draftExpiresAfter)
      return accept(OrderPlaced.make({ orderId, customerId, lines, total, draftUntil, at }))
    }
  })
}

const pay = (
  { limits }: Policy,
  slice: Slice,
  order: State,
  { customerId, orderId, paymentMethodId }: Pay,
  at: DateTime.Utc
): Decided => {
  const requested = () =>
    Option.match(Customers.pauseBeforePaying(standingOf(slice, customerId), limits, at), {
      onNone: (): Decided => accept(PaymentRequested.make({ orderId, attempt: 1, paymentMethodId, at })),
      onSome: (pause) =>
        refuse(new TooManyFailedPayments({ orderId, retryAfterSeconds: Math.ceil(Duration.toSeconds(pause)) }))
    })
  if (!belongsTo(order, customerId)) return refuse(new OrderNotFound({ orderId }))
  return Match.valueTags(order, {
    Absent: () => refuse(new OrderNotFound({ orderId })),
    Draft: () => refuse(new OrderNotReserved({ orderId })),
    Reserved: requested,
    PaymentPending: () => refuse(new PaymentInProgress({ orderId })),
    Paid: () => ignore("already paid"),
    Shipped: () => ignore("already paid"),
    Failed: () => refuse(new OrderHasFailed({ orderId })),
    Cancelled: () => refuse(new OrderIsCancelled({ orderId }))
  })
}

const cancel = (order: State, { customerId, orderId }: Cancel, at: DateTime.Utc): Decided => {
  if (!belongsTo(order, customerId)) return refuse(new OrderNotFound({ orderId }))
  const cancelled = () => accept(OrderCancelled.make({ orderId, reason: "customer", at }))
  return Match.valueTags(order, {
    Absent: () => refuse(new OrderNotFound({ orderId })),
    Draft: cancelled,
    Reserved: cancelled,
    PaymentPending: cancelled,
    Paid: ({ cancelling }): Decided =>
      cancelling ? ignore("the warehouse is asked already") : accept(CancellationRequested.make({ orderId, at })),
    Shipped: () => refuse(new OrderHasShipped({ orderId })),
    Failed: () => refuse(new OrderHasFailed({ orderId })),
    Cancelled: () => ignore("already cancelled")
  })
}

const belongsTo = (order: State, customerId: string): boolean =>
  order._tag === "Absent" || order.customerId === customerId
