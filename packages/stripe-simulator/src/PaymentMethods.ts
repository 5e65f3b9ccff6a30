import { Either } from "effect"
import type { Decided, Tables } from "./Decision.ts"
import { declineOf, needsAuthentication } from "./Declines.ts"
import { approves, type PaymentMethodRecord } from "./PaymentMethod.ts"
import { idOf, type Stamp } from "./Stamp.ts"
import { missing, type WireError } from "./WireError.ts"

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

/** Reading a test token makes a payment method of it, which can then be used by its id. */
export const retrieve = (tables: Tables, id: string, stamp: Stamp): Decided =>
  Either.mapBoth(resolve(tables, id, stamp), {
    onLeft: (error): WireError => ({ ...error, status: 404 }),
    onRight: (method) => ({ put: tables.methods.has(id) ? [] : [method], tell: [], answer: method })
  })
