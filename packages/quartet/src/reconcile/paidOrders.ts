import { lost } from "./openOrders.ts"
import type { Case, Rule } from "./Verdicts.ts"
import { byHand, forPerson, isStale, nothing, restored, unheard } from "./Verdicts.ts"

/** A paid order on its way. */
export const paid: Rule = (one) => [...money(one), ...goods(one), ...parcel(one), ...refund(one)]

/** An order whose parcel left. Nothing is said again of it unless the warehouse knows so too: a second parcel might leave. */
export const shipped: Rule = (one) => {
  if (one.parcel !== "Shipped") {
    return forPerson(one, "parcel", `the order is shipped, and its parcel ${one.parcel ?? "unknown"}`, restored)
  }
  const left = one.stock === "Committed"
    ? nothing
    : one.stock === null || one.stock === "Active"
    ? unheard(one, "stock", `the parcel left, and its goods are ${one.stock ?? "unknown"} to inventory`, "order")
    : forPerson(one, "stock", `the parcel left, and its goods are ${one.stock}`, byHand)
  return [...money(one), ...left, ...refund(one)]
}

const money: Rule = (one) => {
  const { order, payment } = one
  if (payment === null) return lost(one)
  if (payment.status !== "Succeeded") {
    return forPerson(one, "payment", `the order is ${order?.status}, and its payment ${payment.status}`, byHand)
  }
  return order?.status === "Paid" && !order.cancelling && payment.returned >= payment.taken
    ? forPerson(
      one,
      "payment",
      "the order is to be shipped, and all of its money went back",
      "cancel it before it leaves"
    )
    : nothing
}

const goods: Rule = (one) => {
  const { stock } = one
  if (stock === "Committed") return nothing
  return stock === "Lost"
    ? unheard(one, "stock", "its goods are gone, and the order was not told", "inventory")
    : unheard(one, "stock", `it is paid, and its goods are ${stock ?? "unknown"} to inventory`, "order")
}

const parcel: Rule = (one) => {
  const { order, parcel, stock } = one
  const isCancelling = order?.cancelling === true
  if (parcel === "Shipped") return unheard(one, "parcel", "the parcel left, and the order was not told", "warehouse")
  if (parcel === "Stopped") {
    return isCancelling
      ? unheard(one, "parcel", "the parcel was stopped, and the order was not told", "warehouse")
      : forPerson(one, "parcel", "the parcel was stopped, and the order is to be shipped", byHand)
  }
  if (isCancelling) return unheard(one, "parcel", "it is to be cancelled, and the warehouse was not told", "order")
  if (parcel === null || parcel === "AwaitingPayment") {
    return unheard(one, "parcel", "it is paid, and the warehouse was not told", "order")
  }
  return parcel === "AwaitingStock" && stock === "Committed"
    ? unheard(one, "parcel", "its goods are committed, and the warehouse was not told", "inventory")
    : nothing
}

/** What a refund of any order may come to. */
export const refund: Rule = (one: Case) => {
  const { order, payment } = one
  const asked = payment?.refundingAt ?? null
  if (asked !== null) {
    return isStale(one, asked)
      ? unheard(one, "refund", "its refund is under way, and nobody has asked the provider for long", "payment")
      : nothing
  }
  if (order?.refund === "failed" && payment !== null && payment.returned < payment.taken) {
    return forPerson(
      one,
      "refund",
      "the provider does not give its money back",
      "pay it back by another way, then: quartet refunds settle <refund> --because …"
    )
  }
  if (order?.refund === "failed") {
    return unheard(one, "refund", "its money is back by another way, and the order was not told", "payment")
  }
  return order?.refund === "requested"
    ? payment === null
      ? forPerson(one, "refund", "its money is to go back, and the payment service knows nothing of it", restored)
      : unheard(one, "refund", "its money was asked back, and nothing is under way", "order", "payment")
    : nothing
}
