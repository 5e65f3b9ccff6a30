import { Unavailable } from "@quartet/messaging/Request"
import { Context, Effect, Either, Layer, Option } from "effect"
import type { RecordIntent, RecordRefund } from "./domain/Command.ts"
import type { Intent, ProviderRefund } from "./domain/Intent.ts"
import type { EventVerdict } from "./domain/ProviderEvent.ts"
import { HearEvent } from "./domain/ProviderEvent.ts"
import type { EventUnproven } from "./domain/Rejection.ts"
import { Passage } from "./Passage.ts"
import { ProviderBooks } from "./ProviderBooks.ts"
import type { ListedIntent } from "./ProviderBooks.ts"
import type { Said } from "./StripeObject.ts"

/**
 * Asks the provider whether an event is true that our own record does not prove. What then moves money is the provider's record
 * and not the event: an event that it does not have, or has otherwise, is set aside.
 */
export class Confirmation extends Context.Tag("@quartet/payment/Confirmation")<Confirmation, {
  readonly confirm: (heard: HearEvent, unproven: EventUnproven) => Effect.Effect<HearEvent, Unavailable>
}>() {}

const setAside = ({ command, event }: HearEvent): HearEvent =>
  HearEvent.make({ event, command, verdict: Option.some<EventVerdict>("unconfirmed"), confirmed: false })

const confirmed = ({ event }: HearEvent, command: RecordIntent | RecordRefund): HearEvent =>
  HearEvent.make({ event, command: Option.some(command), verdict: Option.none(), confirmed: true })

const isSame = (left: Intent["amount"], right: Intent["amount"]): boolean =>
  left.amount === right.amount && left.currency === right.currency

/** An event is a snapshot, so an open intent may have gone on since then; an end is an end, and a sum stays. */
const hasIntent = (event: Intent, record: Intent): boolean =>
  isSame(event.amount, record.amount) &&
  (event.status !== "succeeded" || (record.status === "succeeded" && isSame(event.received, record.received))) &&
  (event.status !== "canceled" || record.status === "canceled")

const confirmIntent = (heard: HearEvent, command: RecordIntent, unproven: EventUnproven, said: ListedIntent) =>
  said.metadata["orderId"] === unproven.orderId && said.metadata["paymentId"] === unproven.paymentId &&
    hasIntent(command.intent, said.what)
    ? confirmed(heard, { ...command, intent: said.what })
    : setAside(heard)

const hasRefund = (event: ProviderRefund, record: ProviderRefund): boolean =>
  event.intentId === record.intentId && isSame(event.amount, record.amount) &&
  Option.getOrNull(event.ours) === Option.getOrNull(record.ours)

const confirmRefund = (heard: HearEvent, command: RecordRefund, said: Said<ProviderRefund>) =>
  hasRefund(command.refund, said.what) &&
    Option.match(said.orderId, { onNone: () => true, onSome: (orderId) => orderId === command.orderId })
    ? confirmed(heard, { ...command, refund: said.what })
    : setAside(heard)

export const layer = Layer.effect(
  Confirmation,
  Effect.gen(function*() {
    const books = yield* ProviderBooks
    const { through } = yield* Passage
    const ask = (heard: HearEvent, unproven: EventUnproven) => {
      const command = Option.getOrUndefined(heard.command)
      if (command?._tag === "RecordIntent") {
        return Effect.map(
          books.intent(command.intent.id),
          Option.match({
            onNone: () => setAside(heard),
            onSome: (said) => confirmIntent(heard, command, unproven, said)
          })
        )
      }
      if (command?._tag === "RecordRefund") {
        return Effect.map(
          books.refund(command.refund.id),
          Option.match({ onNone: () => setAside(heard), onSome: (said) => confirmRefund(heard, command, said) })
        )
      }
      return Effect.succeed(setAside(heard))
    }
    return Confirmation.of({
      confirm: Effect.fn("Confirmation.confirm")(function*(heard: HearEvent, unproven: EventUnproven) {
        const asked = yield* through("backlog", Effect.either(ask(heard, unproven)))
        const answer = Either.isRight(asked) ? asked.right : Either.left({ message: "The provider is not asked now." })
        return Either.isRight(answer) ? answer.right : yield* new Unavailable({ reason: answer.left.message })
      })
    })
  })
)
