import * as Settings from "@quartet/hosting/Settings"
import * as Actor from "@quartet/messaging/Actor"
import { Config, Context, Effect, Layer } from "effect"
import { alert } from "./Alerts.ts"
import type { BooksCommand } from "./domain/Books.ts"
import { decide, evolve, keyOf, reply } from "./domain/Books.ts"
import { callsPerQuestion, defaultPolicy } from "./domain/Policy.ts"
import type { PaymentRejection } from "./domain/Rejection.ts"
import type { State } from "./domain/State.ts"
import { apiVersion } from "./Gateway.ts"
import { say } from "./Outbound.ts"
import type { BooksStep } from "./Repository.ts"
import { PaymentRepository } from "./Repository.ts"

/** One step of the payment service: payments by order, and the provider's events. */
export class PaymentActor extends Context.Tag("@quartet/payment/PaymentActor")<
  PaymentActor,
  Actor.Actor<BooksCommand, State, PaymentRejection>
>() {}

/** How patiently the provider is asked again; see `Policy`. */
export const policy = Config.all({
  firstPause: Settings.time("PAYMENT_FIRST_PAUSE", defaultPolicy.firstPause),
  longestPause: Settings.time("PAYMENT_LONGEST_PAUSE", defaultPolicy.longestPause),
  faultPause: Settings.time("PAYMENT_FAULT_PAUSE", defaultPolicy.faultPause),
  actionDeadline: Settings.span("PAYMENT_ACTION_DEADLINE", defaultPolicy.actionDeadline),
  callsPerAttempt: Settings.whole("PAYMENT_CALLS_PER_ATTEMPT", defaultPolicy.callsPerAttempt, {
    from: callsPerQuestion,
    to: 10_000
  })
}).pipe(Config.map((policy) => ({ ...policy, apiVersion })))

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
