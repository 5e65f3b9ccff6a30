import type { OrderId } from "@quartet/contracts/Ids"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore } from "@quartet/messaging/Decision"
import type { DateTime } from "effect"
import { Match, Option } from "effect"
import { Charge } from "./Charge.ts"
import type * as Command from "./Command.ts"
import * as Event from "./Event.ts"
import { decideIntent } from "./IntentDecider.ts"
import type { Policy } from "./Policy.ts"
import { affordable, askAgain, askSlowly } from "./Policy.ts"
import { decideRefund, isRefundCommand } from "./RefundDecider.ts"
import type { PaymentRejection } from "./Rejection.ts"
import type { OpenedPayment, State } from "./State.ts"

type Decided = Decision<Event.PaymentEvent, PaymentRejection>

/**
 * Charges once, and gives back what must not be kept. An outcome that is not known is never a failure, and money that
 * came always counts: success wins over whatever was thought before.
 */
export const decide =
  (policy: Policy) => (state: State, command: Command.PaymentCommand, now: DateTime.Utc): Decided => {
    if (isRefundCommand(command)) return decideRefund(policy, state, command, now)
    return Match.valueTags(command, {
      RequestPayment: (c) => request(policy, state, c),
      CancelPayment: (c) => cancel(state, c),
      BeginCharge: (c) => begin(state, c, now),
      RecordIntent: (c) => decideIntent(policy, state, c, now),
      RecordUnknown: (c) => unknown(policy, state, c, now),
      RecordRefusedCall: (c) => refused(state, c),
      RecordCancelUnknown: (c) => cancelUnknown(policy, state, c, now),
      NoteDispute: () => ignore("a dispute is for a person to answer, and moves no money here"),
      SkipCall: () => ignore("the provider was not asked: it was no longer wanted")
    })
  }

const asBefore = () => ignore("already known")
const noPayment = () => ignore("no payment of this order is known")
const settled = () => ignore("what became of the payment is known already")
const stale = () => ignore("a later question is under way")

/** The key of a charge follows from the order and its attempt alone, so that no repetition can invent another one. */
const chargeKey = (orderId: OrderId, attempt: number): string => `charge:${orderId}:${attempt}`

const request = ({ apiVersion }: Policy, state: State, c: Command.RequestPayment): Decided => {
  const { amount, attempt, customerId, orderId, paymentId, paymentMethodId } = c
  const idempotencyKey = chargeKey(orderId, attempt)
  return Match.valueTags(state, {
    Absent: () =>
      accept(
        Event.PaymentOpened.make({
          orderId,
          charge: Charge.make({ paymentId, attempt, customerId, paymentMethodId, amount, idempotencyKey, apiVersion })
        })
      ),
    Forbidden: () => ignore("the order was cancelled before"),
    Opened: asBefore,
    Charging: asBefore,
    ActionRequired: asBefore,
    Cancelling: asBefore,
    Closing: asBefore,
    Failed: asBefore,
    Succeeded: asBefore,
    Mismatched: asBefore
  })
}

const cancel = (state: State, { orderId }: Command.CancelPayment): Decided => {
  const reason = "order_cancelled"
  return Match.valueTags(state, {
    Absent: () => accept(Event.PaymentForbidden.make({ orderId })),
    Forbidden: asBefore,
    Opened: () => accept(Event.PaymentFailed.make({ orderId, reason, open: Option.none() })),
    Charging: ({ cancelWanted, intentId }) => {
      if (cancelWanted) return asBefore()
      return Option.match(intentId, {
        onNone: () => accept(Event.CancellationWanted.make({ orderId })),
        onSome: (id) => accept(Event.CancelStarted.make({ orderId, intentId: id, reason }))
      })
    },
    ActionRequired: ({ intentId }) => accept(Event.CancelStarted.make({ orderId, intentId, reason })),
    Cancelling: asBefore,
    Closing: settled,
    Failed: settled,
    Succeeded: () => ignore("the money is here; the order asks for it back"),
    Mismatched: settled
  })
}

/** One place decides whether the provider may be asked: a cancellation either came before, or has to wait for the outcome. */
const begin = (state: State, c: Command.BeginCharge, now: DateTime.Utc): Decided => {
  const again = ({ charge, try: due }: { readonly charge: Charge; readonly try: number }): Decided =>
    charge.attempt === c.attempt && due === c.try ? ignore("the provider may have been asked before") : stale()
  return Match.valueTags(state, {
    Absent: noPayment,
    Forbidden: noPayment,
    Opened: ({ charge, orderId }) =>
      charge.attempt === c.attempt ? accept(Event.ChargeBegun.make({ orderId, at: now })) : stale(),
    Charging: again,
    ActionRequired: again,
    Cancelling: stale,
    Closing: settled,
    Failed: settled,
    Succeeded: settled,
    Mismatched: settled
  })
}

type Waiting = Pick<OpenedPayment, "charge" | "parked" | "try">

/** Asked again later, until as much was asked as may be (H71). */
const unknown = (policy: Policy, state: State, c: Command.RecordUnknown, now: DateTime.Utc): Decided => {
  const { orderId, why } = c
  const next = affordable(policy, (c.fault ? askSlowly : askAgain)(policy, c.try, now))
  const again = ({ charge, parked, try: due }: Waiting): Decided =>
    charge.attempt === c.attempt && due === c.try && !parked
      ? accept<Event.PaymentEvent>(Option.match(next, {
        onNone: () => Event.AttemptParked.make({ orderId, why }),
        onSome: (look) => Event.OutcomeUnknown.make({ orderId, why, next: look })
      }))
      : stale()
  return Match.valueTags(state, {
    Absent: noPayment,
    Forbidden: noPayment,
    Opened: () => ignore("the provider was not asked yet"),
    Charging: again,
    ActionRequired: again,
    Cancelling: stale,
    Closing: settled,
    Failed: settled,
    Succeeded: settled,
    Mismatched: settled
  })
}

const refused = (state: State, { attempt, orderId, reason }: Command.RecordRefusedCall): Decided =>
  Match.valueTags(state, {
    Absent: noPayment,
    Forbidden: noPayment,
    Opened: () => ignore("the provider was not asked yet"),
    Charging: ({ charge, intentId }) =>
      charge.attempt === attempt ? accept(Event.PaymentFailed.make({ orderId, reason, open: intentId })) : stale(),
    ActionRequired: () => ignore("an intent is open"),
    Cancelling: () => ignore("an intent is open"),
    Closing: settled,
    Failed: settled,
    Succeeded: settled,
    Mismatched: settled
  })

const cancelUnknown = (policy: Policy, state: State, c: Command.RecordCancelUnknown, now: DateTime.Utc): Decided => {
  const { orderId, why } = c
  const look = (c.fault ? askSlowly : askAgain)(policy, c.try, now)
  const next = c.refused ? Option.none() : affordable(policy, look)
  const again = ({ parked, try: due }: Waiting): Decided =>
    due === c.try && !parked
      ? accept<Event.PaymentEvent>(Option.match(next, {
        onNone: () => Event.AttemptParked.make({ orderId, why }),
        onSome: (look) => Event.CancelUnknown.make({ orderId, why, next: look })
      }))
      : stale()
  return Match.valueTags(state, {
    Absent: noPayment,
    Forbidden: noPayment,
    Opened: stale,
    Charging: stale,
    ActionRequired: stale,
    Cancelling: again,
    Closing: again,
    Failed: settled,
    Succeeded: settled,
    Mismatched: settled
  })
}
