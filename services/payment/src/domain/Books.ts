import type { OrderId } from "@quartet/contracts/Ids"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore, refuse } from "@quartet/messaging/Decision"
import type { Slice } from "@quartet/messaging/Keyed"
import type { DateTime } from "effect"
import { HashMap, HashSet, Option } from "effect"
import type { PaymentCommand } from "./Command.ts"
import { decide as decidePayment } from "./Decider.ts"
import type { PaymentEvent } from "./Event.ts"
import type { Policy } from "./Policy.ts"
import { provenanceOf } from "./Provenance.ts"
import type { EventVerdict, HearEvent, ProviderEventId } from "./ProviderEvent.ts"
import { EventHeard, reasons } from "./ProviderEvent.ts"
import type { CallPutOff, PutOff } from "./PutOff.ts"
import { decidePutOff } from "./PutOff.ts"
import type { PaymentRejection } from "./Rejection.ts"
import { EventUnproven } from "./Rejection.ts"
import type { State } from "./State.ts"
import { absent, evolve as evolvePayment, openedOf } from "./State.ts"

/** What a batch is about: payments by order, and which of the provider's events are on record. */
export interface Books {
  readonly payments: Slice<OrderId, State>
  readonly heard: HashSet.HashSet<ProviderEventId>
}

export type BooksCommand = PaymentCommand | HearEvent | PutOff
export type BooksEvent = PaymentEvent | EventHeard | CallPutOff

type Decided = Decision<BooksEvent, PaymentRejection>

export const paymentOf = (books: Books, orderId: OrderId): State =>
  Option.getOrElse(HashMap.get(books.payments, orderId), () => absent)

/** The order that a command is about; an event may be about none of ours. */
export const orderOf = (command: BooksCommand): Option.Option<OrderId> =>
  command._tag === "HearEvent" ? Option.map(command.command, ({ orderId }) => orderId) : Option.some(command.orderId)

/** Commands of one order meet each other in turn; an event of no order only meets its own repetitions. */
export const keyOf = (command: BooksCommand): string =>
  Option.getOrElse(orderOf(command), () => command._tag === "HearEvent" ? command.event.eventId : command.orderId)

/** A provider's event goes on record together with what it changes, or with the reason why it changes nothing. */
export const decide = (policy: Policy) => (books: Books, command: BooksCommand, now: DateTime.Utc): Decided => {
  if (command._tag === "PutOff") return decidePutOff(policy, paymentOf(books, command.orderId), command, now)
  if (command._tag !== "HearEvent") return decidePayment(policy)(paymentOf(books, command.orderId), command, now)
  if (HashSet.has(books.heard, command.event.eventId)) return ignore("this event is on record")
  if (Option.isSome(command.verdict)) return setAside(command, command.verdict.value)
  return Option.match(command.command, {
    onNone: () => onRecord(command, "it is about none of our payments"),
    onSome: (inner) => {
      const state = paymentOf(books, inner.orderId)
      const decided = decidePayment(policy)(state, inner, now)
      if (decided._tag === "Accepted") return hear(state, command, inner, decided.events)
      return onRecord(command, decided._tag === "Refused" ? decided.rejection.message : decided.reason)
    }
  })
}

/** What would change a payment is held against our own record before it does. */
const hear = (
  state: State,
  command: HearEvent,
  inner: PaymentCommand,
  events: ReadonlyArray<PaymentEvent>
): Decided => {
  const provenance = provenanceOf(state, inner, events)
  if (provenance === "foreign") return setAside(command, "unconfirmed")
  if (provenance === "ours" || command.confirmed) return accept<BooksEvent>(heardAs(command), ...events)
  if (provenance === "unneeded") return onRecord(command, "the answer to our own call tells as much")
  const payment = Option.getOrUndefined(openedOf(state))
  if (payment === undefined) return setAside(command, "unconfirmed")
  const answerDue = payment._tag === "Charging" && Option.isNone(payment.intentId) && !payment.parked
  const { charge: { paymentId }, orderId } = payment
  return refuse(new EventUnproven({ orderId, paymentId, answerDue }))
}

const heardAs = ({ event, verdict }: HearEvent, reason?: string) =>
  EventHeard.make({ event, reason: Option.fromNullable(reason), verdict })

const onRecord = (command: HearEvent, reason: string): Decided => accept(heardAs(command, reason))

const setAside = ({ event }: HearEvent, verdict: EventVerdict): Decided =>
  accept(EventHeard.make({ event, reason: Option.some(reasons[verdict]), verdict: Option.some(verdict) }))

export const evolve = (books: Books, event: BooksEvent): Books => {
  if (event._tag === "CallPutOff") return books
  if (event._tag === "EventHeard") return { ...books, heard: HashSet.add(books.heard, event.event.eventId) }
  const payment = evolvePayment(paymentOf(books, event.orderId), event)
  return { ...books, payments: HashMap.set(books.payments, event.orderId, payment) }
}

/** The payment that a command is about, as it is now. */
export const reply = (books: Books, command: BooksCommand): State =>
  Option.match(orderOf(command), { onNone: () => absent, onSome: (orderId) => paymentOf(books, orderId) })
