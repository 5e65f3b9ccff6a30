import { OrderId } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
import { NextAction, PaymentFailureReason, Try } from "@quartet/contracts/PaymentMessages"
import * as Trusted from "@quartet/contracts/Trusted"
import { Match, Option, Schema } from "effect"
import { Charge } from "./Charge.ts"
import type { PaymentEvent, RefundEvent } from "./Event.ts"
import { CancelReason } from "./Event.ts"
import { IntentId } from "./Intent.ts"
import { Refund } from "./Refund.ts"
import { evolveRefunds } from "./Refunds.ts"

const known = { orderId: OrderId, version: Schema.Int }
/** `parked`: as much was asked as may be, so no question is due; the provider's own word or a person settles it. */
const parked = Schema.Boolean.pipe(Schema.propertySignature, Schema.withConstructorDefault(() => false))
/** `try` counts the questions to the provider; exactly one of that number is due or under way, unless it is parked. */
const opened = { ...known, charge: Charge, refunds: Schema.Array(Refund), try: Try, parked }

/** Nothing was heard of the order. */
export class Absent extends Trusted.TaggedClass<Absent>()("Absent", {}) {}

/** The order was cancelled before it asked for a payment. Final. */
export class Forbidden extends Trusted.TaggedClass<Forbidden>()("Forbidden", known) {}

/** The provider was certainly not asked yet. */
export class Opened extends Trusted.TaggedClass<Opened>()("Opened", opened) {}

/** The provider may have been asked, for the first time at `begunAt`, and what it did is not known for certain. */
export class Charging extends Trusted.TaggedClass<Charging>()("Charging", {
  ...opened,
  begunAt: Schema.DateTimeUtc,
  intentId: Schema.OptionFromNullOr(IntentId),
  cancelWanted: Schema.Boolean
}) {}

/** It waits for the customer, since `actionSince`. */
export class ActionRequired extends Trusted.TaggedClass<ActionRequired>()("ActionRequired", {
  ...opened,
  intentId: IntentId,
  nextAction: NextAction,
  actionSince: Schema.DateTimeUtc
}) {}

/** The open intent is being cancelled at the provider; until then the money may still come. */
export class Cancelling extends Trusted.TaggedClass<Cancelling>()("Cancelling", {
  ...opened,
  intentId: IntentId,
  cancelReason: CancelReason
}) {}

/** It failed, and said so; the open intent is being cancelled at the provider. */
export class Closing extends Trusted.TaggedClass<Closing>()("Closing", {
  ...opened,
  intentId: IntentId,
  reason: PaymentFailureReason
}) {}

/** No money came. Final, but for money that comes all the same. */
export class Failed extends Trusted.TaggedClass<Failed>()("Failed", { ...opened, reason: PaymentFailureReason }) {}

/** The money came, and may go back again. Final. */
export class Succeeded extends Trusted.TaggedClass<Succeeded>()("Succeeded", { ...opened, intentId: IntentId }) {}

/** Money came that was not what was asked for; it goes back. Final. */
export class Mismatched extends Trusted.TaggedClass<Mismatched>()("Mismatched", {
  ...opened,
  intentId: IntentId,
  taken: Money
}) {}

export const Payment = Schema.Union(
  Forbidden,
  Opened,
  Charging,
  ActionRequired,
  Cancelling,
  Closing,
  Failed,
  Succeeded,
  Mismatched
)
/** What is known of an order's payment. */
export type Payment = typeof Payment.Type

export type State = Absent | Payment

/** A payment that was asked for. */
export type OpenedPayment = Exclude<Payment, Forbidden>

export const absent: State = Absent.make({})

/** How often it changed. */
export const versionOf = (state: State): number => state._tag === "Absent" ? 0 : state.version

/** The payment itself, unless nobody ever asked for one. */
export const openedOf = (state: State): Option.Option<OpenedPayment> =>
  state._tag === "Absent" || state._tag === "Forbidden" ? Option.none() : Option.some(state)

/** The intent that this payment is about, where one is known. */
export const intentIdOf = (state: State): Option.Option<IntentId> => {
  if (state._tag === "Charging") return state.intentId
  return "intentId" in state ? Option.some(state.intentId) : Option.none()
}

/** What is true after the event. */
export const evolve = (state: State, event: PaymentEvent): State => {
  const { orderId } = event
  const version = versionOf(state) + 1
  if (event._tag === "PaymentForbidden") return Forbidden.make({ orderId, version })
  if (event._tag === "PaymentOpened") {
    return Opened.make({ orderId, version, charge: event.charge, refunds: [], try: 1 })
  }
  if (state._tag === "Absent" || state._tag === "Forbidden") return state
  return isRefundEvent(event)
    ? changed(state, { version, refunds: evolveRefunds(state.refunds, event) })
    : evolvePayment(state, event, version)
}

const isRefundEvent = (event: PaymentEvent): event is RefundEvent => "refundId" in event

type Progress = Exclude<PaymentEvent, RefundEvent | { readonly _tag: "PaymentForbidden" | "PaymentOpened" }>

const evolvePayment = (state: OpenedPayment, event: Progress, version: number): State => {
  const { charge, orderId, refunds } = state
  const held = { orderId, version, charge, refunds }
  const settled = { ...held, try: state.try }
  const same = { ...settled, parked: state.parked }
  switch (event._tag) {
    case "ChargeBegun":
      return Charging.make({ ...same, begunAt: event.at, intentId: Option.none(), cancelWanted: false })
    case "CancellationWanted":
      return state._tag === "Charging" ? Charging.make({ ...state, version, cancelWanted: true }) : state
    case "IntentSeen":
      return seen(state, event.intentId, version, Option.match(event.next, { onNone: () => state.try, onSome: tryOf }))
    case "AttemptParked":
      return changed(state, { version, parked: true })
    case "OutcomeUnknown":
    case "CancelUnknown":
      return changed(state, { version, try: event.next.try })
    case "ActionAsked": {
      const { at: actionSince, intentId, next, nextAction } = event
      const turn = Option.match(next, { onNone: () => state.try, onSome: tryOf })
      return ActionRequired.make({ ...same, try: turn, intentId, nextAction, actionSince })
    }
    case "CancelStarted":
      return Cancelling.make({ ...held, try: 1, intentId: event.intentId, cancelReason: event.reason })
    case "PaymentFailed": {
      const { open, reason } = event
      return Option.isSome(open)
        ? Closing.make({ ...held, try: 1, intentId: open.value, reason })
        : Failed.make({ ...settled, reason })
    }
    case "IntentClosed":
      return state._tag === "Closing" ? Failed.make({ ...settled, reason: state.reason }) : state
    case "PaymentSucceeded":
      return Succeeded.make({ ...settled, intentId: event.intentId })
    case "AmountMismatched":
      return Mismatched.make({ ...settled, intentId: event.intentId, taken: event.taken })
  }
}

const tryOf = (look: { readonly try: number }): number => look.try

const seen = (state: OpenedPayment, intentId: IntentId, version: number, turn: number): State =>
  state._tag === "Charging"
    ? Charging.make({ ...state, version, try: turn, intentId: Option.some(intentId) })
    : changed(state, { version, try: turn })

interface Change {
  readonly version: number
  readonly try?: number
  readonly parked?: boolean
  readonly refunds?: ReadonlyArray<Refund>
}

/** The same condition with something counted or noted. */
const changed = (state: OpenedPayment, change: Change): OpenedPayment =>
  Match.valueTags(state, {
    Opened: (s) => Opened.make({ ...s, ...change }),
    Charging: (s) => Charging.make({ ...s, ...change }),
    ActionRequired: (s) => ActionRequired.make({ ...s, ...change }),
    Cancelling: (s) => Cancelling.make({ ...s, ...change }),
    Closing: (s) => Closing.make({ ...s, ...change }),
    Failed: (s) => Failed.make({ ...s, ...change }),
    Succeeded: (s) => Succeeded.make({ ...s, ...change }),
    Mismatched: (s) => Mismatched.make({ ...s, ...change })
  })
