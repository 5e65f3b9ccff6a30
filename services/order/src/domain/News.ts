import { ignore, tooEarly } from "@quartet/messaging/Decision"

/** News of an order we have never heard of: it waits for the order, and then for a person. */
export const unknownOrder = () => tooEarly("the order is not known")

/** News that can only follow a payment we have not heard of yet. */
export const notPaidYet = () => tooEarly("the order is not known to be paid")

/** News of a payment that we have not asked for yet. */
export const notRequestedYet = () => tooEarly("no payment was asked for")

/** The fact is known already. */
export const alreadyKnown = () => ignore("already known")

/** The order failed or was cancelled, and the fact no longer matters. */
export const alreadyOver = () => ignore("the order is over")

/** The parcel left; nothing can be taken back. */
export const alreadyShipped = () => ignore("the parcel has left")
