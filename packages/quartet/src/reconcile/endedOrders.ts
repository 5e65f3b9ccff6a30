import { stuck } from "./openOrders.ts"
import { refund } from "./paidOrders.ts"
import type { Rule } from "./Verdicts.ts"
import { byHand, forPerson, nothing, unheard } from "./Verdicts.ts"

/** An order that failed or was cancelled: no money is kept for it, no goods are held and no parcel leaves. */
export const ended: Rule = (one) => [...money(one), ...goods(one), ...parcel(one)]

const money: Rule = (one) => {
  const { order, payment } = one
  const told = refund(one)
  if (told.length > 0 || payment === null || payment.refundingAt !== null) return told
  switch (payment.status) {
    case "Forbidden":
    case "Failed":
      return nothing
    case "Cancelling":
    case "Closing":
      return stuck(one)
    case "Succeeded":
    case "Mismatched":
      if (order?.refund === "none") {
        return unheard(one, "refund", "money came for an order that is over, and the order was not told", "payment")
      }
      return payment.returned < payment.taken
        ? forPerson(
          one,
          "refund",
          "the order is over, and not all of its money went back",
          "refund the rest at the provider"
        )
        : nothing
    default:
      return order?.status === "Cancelled"
        ? unheard(one, "payment", `the order is cancelled, and its payment ${payment.status}`, "order")
        : forPerson(one, "payment", `the order has failed, and its payment is ${payment.status}`, byHand)
  }
}

const goods: Rule = (one) =>
  one.stock === "Active" || one.stock === "Committed"
    ? unheard(one, "stock", `the order is over, and its goods are ${one.stock}`, "order", "payment")
    : nothing

const parcel: Rule = (one) => {
  if (one.parcel === "Shipped") {
    return forPerson(one, "parcel", "the order is over, and its parcel left", "find out where the parcel is")
  }
  return one.parcel === null || one.parcel === "Stopped"
    ? nothing
    : unheard(one, "parcel", `the order is over, and its parcel ${one.parcel}`, "order")
}
