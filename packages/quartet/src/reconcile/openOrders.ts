import { DateTime } from "effect"
import type { Rule } from "./Verdicts.ts"
import { byHand, forPerson, isRemembered, isStale, nothing, restored, unheard } from "./Verdicts.ts"

/** Nobody but the order service makes orders, so one that others know of and it does not was lost. */
export const absent: Rule = (one) => {
  const { parcel, payment, stock } = one
  const known = [
    ...(payment === null ? [] : [`payment (${payment.status})`]),
    ...(stock === null ? [] : [`inventory (${stock})`]),
    ...(parcel === null ? [] : [`warehouse (${parcel})`])
  ]
  return forPerson(one, "unknown", `there is no such order, and ${known.join(", ")} knows of it`, restored)
}

export const draft: Rule = (one) => {
  const { order, payment, stock } = one
  if (payment !== null && payment.status !== "Forbidden") return older(one)
  if (stock !== null) {
    return unheard(one, "stock", `stock has answered (${stock}), and the order waits for it`, "inventory")
  }
  return order !== null && isStale(one, order.changedAt)
    ? unheard(one, "late", "the order waits for stock, for too long", "order")
    : nothing
}

export const reserved: Rule = (one) => {
  const { now, order, payment, stock } = one
  if (payment !== null && payment.status !== "Forbidden") return older(one)
  if (stock === null) return unheard(one, "stock", "its goods are not held, and inventory knows nothing of it", "order")
  if (stock !== "Active") return forPerson(one, "stock", `its goods are not held, but ${stock}`, byHand)
  const until = order?.holdUntil ?? now
  return DateTime.lessThan(until, now)
    ? unheard(one, "late", "its time to pay is over, and it still holds its goods", "order")
    : nothing
}

/** The payment is further than an order can be whose payment was not asked for. */
const older: Rule = (one) =>
  forPerson(
    one,
    "older",
    `the order is ${one.order?.status ?? "unknown"}, and its payment ${one.payment?.status ?? "unknown"}`,
    restored
  )

export const pending: Rule = (one) => {
  const { order, payment } = one
  if (payment === null) return lost(one)
  switch (payment.status) {
    case "Succeeded":
      return unheard(one, "payment", "its payment succeeded, and the order was not told", "payment")
    case "Failed":
    case "Closing":
    case "Mismatched":
      return unheard(
        one,
        "payment",
        `its payment came to nothing (${payment.status}), and the order was not told`,
        "payment"
      )
    case "Forbidden":
      return forPerson(one, "payment", "the order waits for a payment that was forbidden", byHand)
    default:
      if (payment.status === "ActionRequired" && order?.hasAction === false) {
        return unheard(one, "action", "the customer has a step to do, and the order was not told", "payment")
      }
      return stuck(one)
  }
}

/** A question to the provider that nobody will ask any more. */
export const stuck: Rule = (one) =>
  one.payment !== null && isStale(one, one.payment.changedAt)
    ? unheard(
      one,
      "stuck",
      `its payment is ${one.payment.status}, and nobody has asked the provider for long`,
      "payment"
    )
    : nothing

/** A payment that was asked for, and of which the payment service knows nothing. */
export const lost: Rule = (one) =>
  isRemembered(one)
    ? unheard(one, "payment", "its payment was asked for, and the payment service knows nothing of it", "order")
    : forPerson(
      one,
      "payment",
      "its payment was asked for long ago, and the payment service knows nothing of it",
      `${restored}; asked again now, the provider might charge a second time`
    )
