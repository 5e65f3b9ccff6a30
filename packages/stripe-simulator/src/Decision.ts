import type { Either } from "effect"
import type { ChargeRecord } from "./Charge.ts"
import type { DisputeRecord } from "./Dispute.ts"
import type { Happening } from "./Event.ts"
import type { IntentRecord } from "./PaymentIntent.ts"
import type { PaymentMethodRecord } from "./PaymentMethod.ts"
import type { RefundRecord } from "./Refund.ts"
import type { ObjectRecord } from "./StripeObject.ts"
import type { WireError } from "./WireError.ts"

/** What a decision may look at. */
export interface Tables {
  readonly intents: ReadonlyMap<string, IntentRecord>
  readonly charges: ReadonlyMap<string, ChargeRecord>
  readonly refunds: ReadonlyMap<string, RefundRecord>
  readonly disputes: ReadonlyMap<string, DisputeRecord>
  readonly methods: ReadonlyMap<string, PaymentMethodRecord>
}

/** What one request changes, what it tells, and the object or error it answers. A decline changes something and answers an error. */
export interface Decision {
  readonly put: ReadonlyArray<ObjectRecord>
  readonly tell: ReadonlyArray<Happening>
  readonly answer: ObjectRecord | WireError
}

/** A refusal that changes nothing is on the left. */
export type Decided = Either.Either<Decision, WireError>

export const find = (tables: Tables, id: string): ObjectRecord | undefined =>
  tables.intents.get(id) ?? tables.charges.get(id) ?? tables.refunds.get(id) ?? tables.disputes.get(id) ??
    tables.methods.get(id)
