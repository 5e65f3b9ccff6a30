import { Effect, Match, Metric, Option } from "effect"
import { paymentOf } from "./domain/Books.ts"
import type { PaymentEvent } from "./domain/Event.ts"
import type { EventHeard } from "./domain/ProviderEvent.ts"
import { reasons } from "./domain/ProviderEvent.ts"
import type { BooksStep } from "./Repository.ts"

/** What a person has to look at. The provider's own words are not repeated, only ids and classes. */
export const alert = (step: BooksStep): Effect.Effect<void> => {
  const { event } = step
  if (event._tag === "CallPutOff") return Effect.void
  return event._tag === "EventHeard" ? alertEvent(event, step) : alertPayment(event)
}

const alertPayment = (event: PaymentEvent): Effect.Effect<void> => {
  const { orderId } = event
  const told = (text: string, about: Readonly<Record<string, string>>) =>
    Effect.annotateLogs(Effect.logError(text), { orderId, ...about })
  return Match.value(event).pipe(
    Match.tag(
      "AmountMismatched",
      ({ intentId }) => told("The provider took another sum than was asked for; it goes back.", { intentId })
    ),
    Match.tag(
      "RefundRequested",
      ({ cause, intentId }) =>
        cause === "extra_charge"
          ? told("An order was charged twice; the second charge goes back.", { intentId })
          : Effect.void
    ),
    Match.tag(
      "RefundFailed",
      ({ refundId }) => told("The provider does not give the money back; a person has to.", { refundId })
    ),
    Match.tag(
      "RefundUnfounded",
      ({ refundId }) => told("Money is asked back of a payment that took none; a person has to look.", { refundId })
    ),
    Match.tag(
      "AttemptParked",
      ({ why }) =>
        told("The provider was asked as often as it may be and the outcome is not known; a person has to look.", {
          why
        })
    ),
    Match.orElse(() => Effect.void)
  )
}

/** Events of these kinds speak of our money, so they must be about a payment of ours. */
const aboutMoney = ["payment_intent.", "refund.", "charge.dispute."]

const setAside = Metric.counter("payment_provider_events_set_aside_total", {
  description: "Signed events that moved nothing and wait for a person, by why",
  incremental: true
})

const alertEvent = ({ event, verdict }: EventHeard, { after }: BooksStep): Effect.Effect<void> => {
  const { eventId, objectId, orderId, type } = event
  const told = (text: string) =>
    Effect.annotateLogs(Effect.logError(text), {
      eventId,
      type,
      objectId: Option.getOrElse(objectId, () => "none"),
      orderId: Option.getOrElse(orderId, () => "none")
    })
  if (Option.isSome(verdict)) {
    return Effect.zipRight(
      Metric.increment(Metric.tagged(setAside, "verdict", verdict.value)),
      told(`A signed event is set aside and moves nothing: ${reasons[verdict.value]}.`)
    )
  }
  const isOurs = Option.exists(orderId, (id) => {
    const { _tag } = paymentOf(after, id)
    return _tag !== "Absent" && _tag !== "Forbidden"
  })
  if (type.startsWith("charge.dispute.")) {
    return told("A customer disputes a charge; a person has to answer at the provider.")
  }
  return !isOurs && aboutMoney.some((kind) => type.startsWith(kind))
    ? told("The provider told of money that belongs to no payment of ours.")
    : Effect.void
}
