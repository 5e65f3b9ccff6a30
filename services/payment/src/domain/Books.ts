import type { OrderId } from "@quartet/contracts/Ids"
import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore } from "@quartet/messaging/Decision"
import type { Slice } from "@quartet/messaging/Keyed"
import type { DateTime } from "effect"
import { HashMap, HashSet, Option } from "effect"
import type { PaymentCommand } from "./Command.ts"
import { decide as decidePayment } from "./Decider.ts"
import type { PaymentEvent } from "./Event.ts"
import type { Policy } from "./Policy.ts"
import type { HearEvent, ProviderEventId } from "./ProviderEvent.ts"
import { EventHeard } from "./ProviderEvent.ts"
import type { CallPutOff, PutOff } from "./PutOff.ts"
import { decidePutOff } from "./PutOff.ts"
import type { PaymentRejection } from "./Rejection.ts"
import type { State } from "./State.ts"
import { absent, evolve as evolvePayment } from "./State.ts"

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
  return Option.match(command.command, {
    onNone: () => onRecord(command, "it is about none of our payments"),
    onSome: (inner) => {
      const decided = decidePayment(policy)(paymentOf(books, inner.orderId), inner, now)
      if (decided._tag === "Accepted") return accept<BooksEvent>(heardAs(command), ...decided.events)
      return onRecord(command, decided._tag === "Refused" ? decided.rejection.message : decided.reason)
    }
  })
}

const heardAs = ({ event }: HearEvent, reason?: string) =>
  EventHeard.make({ event, reason: Option.fromNullable(reason) })

const onRecord = (command: HearEvent, reason: string): Decided => accept(heardAs(command, reason))

export const evolve = (books: Books, event: BooksEvent): Books => {
  if (event._tag === "CallPutOff") return books
  if (event._tag === "EventHeard") return { ...books, heard: HashSet.add(books.heard, event.event.eventId) }
  const payment = evolvePayment(paymentOf(books, event.orderId), event)
  return { ...books, payments: HashMap.set(books.payments, event.orderId, payment) }
}

/** The payment that a command is about, as it is now. */
export const reply = (books: Books, command: BooksCommand): State =>
  Option.match(orderOf(command), { onNone: () => absent, onSome: (orderId) => paymentOf(books, orderId) })
