import * as Actor from "@quartet/messaging/Actor"
import { Config, Context, Duration, Effect, Layer } from "effect"
import type { BooksCommand } from "./domain/Books.ts"
import { decide, evolve, keyOf, reply } from "./domain/Books.ts"
import { defaultPolicy } from "./domain/Policy.ts"
import type { PaymentRejection } from "./domain/Rejection.ts"
import type { State } from "./domain/State.ts"
import { say } from "./Outbound.ts"
import type { BooksStep } from "./Repository.ts"
import { PaymentRepository } from "./Repository.ts"

/** One step of the payment service: payments by order, and the provider's events. */
export class PaymentActor extends Context.Tag("@quartet/payment/PaymentActor")<
  PaymentActor,
  Actor.Actor<BooksCommand, State, PaymentRejection>
>() {}

const positive = (name: string, otherwise: Duration.Duration) =>
  Config.duration(name).pipe(
    Config.withDefault(otherwise),
    Config.validate({ message: "must be longer than nothing", validation: (pause) => Duration.toMillis(pause) > 0 })
  )

/** How patiently the provider is asked again; see `Policy`. */
export const policy = Config.all({
  firstPause: positive("PAYMENT_FIRST_PAUSE", defaultPolicy.firstPause),
  longestPause: positive("PAYMENT_LONGEST_PAUSE", defaultPolicy.longestPause),
  faultPause: positive("PAYMENT_FAULT_PAUSE", defaultPolicy.faultPause),
  actionDeadline: positive("PAYMENT_ACTION_DEADLINE", defaultPolicy.actionDeadline)
})

/** What a person has to look at. The provider's own words are not repeated, only ids and classes. */
const alert = ({ event }: BooksStep): Effect.Effect<void> => {
  if (event._tag === "EventHeard") return Effect.void
  const about = { orderId: event.orderId }
  if (event._tag === "AmountMismatched") {
    return Effect.logError("The provider took another sum than was asked for; it goes back.").pipe(
      Effect.annotateLogs({ ...about, intentId: event.intentId })
    )
  }
  if (event._tag === "RefundRequested" && event.cause === "extra_charge") {
    return Effect.logError("An order was charged twice; the second charge goes back.").pipe(
      Effect.annotateLogs({ ...about, intentId: event.intentId })
    )
  }
  return event._tag === "RefundFailed"
    ? Effect.logError("The provider does not give the money back; a person has to.").pipe(
      Effect.annotateLogs({ ...about, refundId: event.refundId })
    )
    : Effect.void
}

export const layer = Layer.scoped(
  PaymentActor,
  Effect.gen(function*() {
    const { load, save } = yield* PaymentRepository
    return yield* Actor.make({
      name: "payment",
      keyOf,
      decide: decide(yield* policy),
      evolve,
      load,
      save,
      say,
      reply,
      committed: (steps: ReadonlyArray<BooksStep>) => Effect.forEach(steps, alert, { discard: true })
    })
  })
)
