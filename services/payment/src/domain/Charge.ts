import { CustomerId, PaymentId, PaymentMethodId } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
import { Attempt } from "@quartet/contracts/OrderMessages"
import { Try } from "@quartet/contracts/PaymentMessages"
import { Schema } from "effect"

/**
 * What the provider is asked for, exactly: written down before it is asked, so that every repetition is the same request
 * under the same key.
 */
export class Charge extends Schema.Class<Charge>("Charge")({
  paymentId: PaymentId,
  attempt: Attempt,
  customerId: CustomerId,
  paymentMethodId: PaymentMethodId,
  amount: Money,
  idempotencyKey: Schema.NonEmptyString,
  /** The version of the provider's API that it is asked in. */
  apiVersion: Schema.NonEmptyString
}) {}

/** When the provider is asked next, and the how manieth time that will be. */
export const Look = Schema.Struct({ try: Try, due: Schema.DateTimeUtc })
export type Look = typeof Look.Type
