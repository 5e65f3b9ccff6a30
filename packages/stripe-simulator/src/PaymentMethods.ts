import { Either } from "effect"
import type { Decided, Tables } from "./Decision.ts"
import { declineOf } from "./Declines.ts"
import type { PaymentMethodRecord } from "./PaymentMethod.ts"
import { idOf, type Stamp } from "./Stamp.ts"
import { approves, needsAuthentication } from "./TestCards.ts"
import { missing, refused, type WireError } from "./WireError.ts"

/** The payment method of this id; a test token stands for a fresh one. */
export const resolve = (
  tables: Tables,
  reference: string,
  stamp: Stamp
): Either.Either<PaymentMethodRecord, WireError> => {
  const known = tables.methods.get(reference)
  if (known !== undefined) {
    return Either.right(known)
  }
  if (approves(reference) || needsAuthentication(reference) || declineOf(reference) !== undefined) {
    return Either.right({ _tag: "PaymentMethod", id: idOf(stamp, "pm_1"), token: reference, created: stamp.now })
  }
  const error = missing("PaymentMethod", reference, "payment_method", 400)
  return Either.left({
    ...error,
    message:
      `${error.message}; It's possible this PaymentMethod exists on one of your connected accounts, in which case you ` +
      "should retry this request on that connected account. Learn more at https://stripe.com/docs/connect/authentication"
  })
}

/**
 * A method without a customer serves one intent: once it was tried for it, whether the card was charged or declined, no
 * other one may use it. The error names neither a code nor a parameter. Source: Stripe, "PaymentMethods API"; the sentence
 * is widely quoted.
 */
export const forIntent = (
  tables: Tables,
  method: PaymentMethodRecord,
  intent: string
): Either.Either<void, WireError> => {
  const triedFor = tables.methods.get(method.id)?.triedFor
  return triedFor === undefined || triedFor === intent ? Either.right(undefined) : Either.left(refused(spent))
}

const spent = "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
  + "with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To "
  + "use a PaymentMethod multiple times, you must attach it to a Customer first."

/** Reading a test token makes a payment method of it, which can then be used by its id. */
export const retrieve = (tables: Tables, id: string, stamp: Stamp): Decided =>
  Either.mapBoth(resolve(tables, id, stamp), {
    onLeft: (error): WireError => ({ ...error, status: 404 }),
    onRight: (method) => ({ put: tables.methods.has(id) ? [] : [method], tell: [], answer: method })
  })
