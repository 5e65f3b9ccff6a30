import { Effect, Inspectable } from "effect"
import type { Parking } from "../Parking.ts"
import * as Retry from "../Retry.ts"
import type { Outcome } from "../Submission.ts"
import { explainCause } from "./explain.ts"
import type { Label, Unopened } from "./letters.ts"

/** What a consumer does with deliveries it is done with: settled, tried again, or parked with a reason. */
export interface Settling {
  readonly park: (label: Label, reason: string) => Effect.Effect<void>
  readonly unopened: (letter: Unopened) => Effect.Effect<void>
  readonly settle: (label: Label, outcome: Outcome<unknown, unknown>) => Effect.Effect<void>
}

export const makeSettling = (consumer: string, parking: Parking["Type"]): Settling => {
  const park = ({ delivery, messageId, subject, type }: Label, reason: string) =>
    parking.park({
      consumer,
      messageId,
      type,
      subject,
      envelope: delivery.body,
      ...(delivery.encoding === undefined ? {} : { encoding: delivery.encoding }),
      reason,
      attempts: delivery.attempt
    })
      .pipe(
        Effect.retry(Retry.outagePause),
        Effect.orDie,
        Effect.zipRight(Effect.logWarning(`Consumer ${consumer}: parked ${type} ${messageId}: ${reason}`)),
        Effect.zipRight(delivery.settle({ _tag: "Acknowledge" }))
      )

  const again = (label: Label, reason: string) =>
    label.delivery.attempt >= Retry.attemptLimit
      ? park(label, reason)
      : label.delivery.settle({ _tag: "Retry", after: Retry.redeliveryDelay(label.delivery.attempt) })

  const settle = (label: Label, outcome: Outcome<unknown, unknown>): Effect.Effect<void> => {
    if (outcome._tag === "Refused") return park(label, `Refused: ${textOf(outcome.rejection)}`)
    if (outcome._tag === "IdReused") return park(label, reusedReason)
    if (outcome._tag === "TooEarly") return again(label, `Too early: ${outcome.reason}`)
    if (outcome._tag === "Died") return again(label, explainCause(outcome.cause))
    return label.delivery.settle({ _tag: "Acknowledge" })
  }
  const unopened = (letter: Unopened) =>
    letter.reason === undefined ? letter.delivery.settle({ _tag: "Acknowledge" }) : park(letter, letter.reason)

  return { park, settle, unopened }
}

/** The first stays applied; its own text is in its speaker's outbox. */
const reusedReason =
  "Its id is that of another message, which was handled. Discard it, or have it published with an id of "
  + "its own."

const textOf = (rejection: unknown): string =>
  rejection instanceof Error ? String(rejection) : Inspectable.toStringUnknown(rejection, 0)
