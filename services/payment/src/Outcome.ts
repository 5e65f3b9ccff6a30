import type { PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import type { Option } from "effect"
import { Data } from "effect"
import type { Intent, ProviderRefund } from "./domain/Intent.ts"

/** The provider told what there is. */
export interface IntentAnswer {
  readonly _tag: "IntentAnswer"
  readonly intent: Intent
}
export const IntentAnswer = Data.tagged<IntentAnswer>("IntentAnswer")

/** The provider told what there is. */
export interface RefundAnswer {
  readonly _tag: "RefundAnswer"
  readonly refund: ProviderRefund
}
export const RefundAnswer = Data.tagged<RefundAnswer>("RefundAnswer")

/** The charge was refused before there was an intent; no repetition can change that. */
export interface ChargeRefused {
  readonly _tag: "ChargeRefused"
  readonly reason: PaymentFailureReason
  /** Why, where it is not the customer's doing: a person reads it. */
  readonly alert: Option.Option<string>
}
export const ChargeRefused = Data.tagged<ChargeRefused>("ChargeRefused")

/** The refund was refused; no repetition can change that. */
export interface RefundRefused {
  readonly _tag: "RefundRefused"
  readonly reason: string
}
export const RefundRefused = Data.tagged<RefundRefused>("RefundRefused")

/** All of the charge went back before. */
export interface AlreadyRefunded {
  readonly _tag: "AlreadyRefunded"
}
export const AlreadyRefunded = Data.tagged<AlreadyRefunded>("AlreadyRefunded")

/** The provider has no record of it that we could find. */
export interface NotFound {
  readonly _tag: "NotFound"
}
export const NotFound = Data.tagged<NotFound>("NotFound")

/** It may have happened or not: a time-out, a broken connection, an error on their side, too many requests. */
export interface Unknown {
  readonly _tag: "Unknown"
  readonly why: string
  /** The provider did answer, with an error of its own that it may repeat for as long as it remembers the key. */
  readonly answered: boolean
}
export const Unknown = Data.tagged<Unknown>("Unknown")

/**
 * Something only we can repair. `refuses`: `everything` that we ask, as with a wrong API key; or this `request` alone, whose
 * outcome is not known for all that.
 */
export interface OurFault {
  readonly _tag: "OurFault"
  readonly why: string
  readonly refuses: "everything" | "request"
}
export const OurFault = Data.tagged<OurFault>("OurFault")

/** What became of a call about an intent. */
export type ChargeOutcome = IntentAnswer | ChargeRefused | NotFound | Unknown | OurFault

/** What became of a call about a refund. */
export type RefundOutcome = RefundAnswer | RefundRefused | AlreadyRefunded | NotFound | Unknown | OurFault
