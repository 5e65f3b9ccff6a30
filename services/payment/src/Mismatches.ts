import { format } from "@quartet/contracts/Money"
import type { Mismatch } from "@quartet/hosting/Reconciling"
import { Match } from "effect"
import type { Difference } from "./domain/Comparison.ts"
import type { PaymentEvent } from "./domain/Event.ts"
import type { Intent } from "./domain/Intent.ts"

/** What a person reads of a difference: what it means, and what becomes of it. */
type Telling = Pick<Mismatch, "says" | "remedy" | "does">

const repaired = (says: string, does: string): Telling => ({ says, remedy: "repair", does })
const forPerson = (says: string, does: string): Telling => ({ says, remedy: "person", does })

const elsewhere = "look at the provider's dashboard who did that, and why"

/** Of an intent that the provider has on record. */
export const ofIntent = (difference: Difference, { id, received, status }: Intent): Telling =>
  Match.valueTags(difference, {
    News: ({ event }) => ofEvent(event),
    Stray: (): Telling => ({
      says: `the provider took ${format(received)} for an order of which no payment is known`,
      remedy: "return",
      does: "look whether a backup knows it, or another installation on the same account; if nobody does: " +
        `quartet reconcile --give-back ${id}`
    }),
    Unwanted: () =>
      repaired(
        `the provider took ${format(received)} for an order that was cancelled before it asked for a payment`,
        "it goes back"
      ),
    Unproven: () =>
      forPerson(
        `the provider took ${format(received)}, and the charge that the payment counts on is none`,
        `${elsewhere}; if the order is paid by ${id}, give nothing back`
      ),
    NotPaid: () => forPerson(`the payment counts as paid, and at the provider it is ${status}`, elsewhere),
    ReturnedOtherwise: ({ ours, theirs }) =>
      forPerson(
        `by our books ${format({ ...received, amount: ours })} went back, by the provider's ` +
          format({ ...received, amount: theirs }),
        elsewhere
      ),
    Kept: ({ left }) =>
      forPerson(
        `${format({ ...received, amount: left })} must go back, and the provider does not give it back`,
        "pay it back by another way, and refund the rest at the provider"
      )
  })

/** Of a payment whose intent the provider does not have on record. */
export const missing: Telling = forPerson(
  "the payment counts as paid, and the provider knows no such charge",
  elsewhere
)

const noted = "our books now say so too"

/** Of what the provider's record will be to the payment once it is heard. */
export const ofEvent = (event: PaymentEvent): Telling => {
  switch (event._tag) {
    case "PaymentSucceeded":
      return repaired("the provider took the money, and nobody was told", "the order is told")
    case "AmountMismatched":
      return repaired(`the provider took ${format(event.taken)}, which is not what was asked for`, "it goes back")
    case "PaymentFailed":
      return repaired(
        `at the provider the payment has ended (${event.reason}), and nobody was told`,
        "the order is told"
      )
    case "ActionAsked":
      return repaired("the customer has a step to do at their bank, and nobody was told", "the order is told")
    case "CancelStarted":
      return repaired("it is open at the provider, and nobody wants it any more", "it is cancelled")
    case "IntentClosed":
      return repaired("the provider cancelled the intent, and nobody was told", noted)
    case "RefundRequested":
      return repaired(
        `the provider took ${format(event.amount)} more by ${event.intentId}`,
        "the extra charge goes back"
      )
    case "RefundMirrored":
      return repaired(`somebody gave ${format(event.amount)} back at the provider`, noted)
    case "RefundSucceeded":
      return repaired("a refund has gone through at the provider, and nobody was told", "the order is told")
    case "RefundPending":
      return repaired("the provider has a refund under way, and nobody was told", noted)
    case "RefundFailed":
      return repaired(
        `the provider did not give the money back (${event.reason}), and nobody was told`,
        "the order is told"
      )
    default:
      return repaired(`the provider's record is news to us (${event._tag})`, noted)
  }
}

/** What differs, under a name that stays. */
export const named = (
  name: string,
  orderId: string,
  telling: Telling,
  more: Pick<Mismatch, "taken"> = {}
): Mismatch => ({ id: `payment/${name}`, orderId, ...telling, ...more })
