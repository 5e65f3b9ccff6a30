import { DateTime, Duration } from "effect"
import type { Finding, Speaker } from "./Finding.ts"
import type { Story } from "./Story.ts"

/** An order as one look found it, and when that was. */
export interface Case extends Story {
  readonly now: DateTime.Utc
}

/** What a rule finds in a case: nothing, or what is wrong. */
export type Rule = (one: Case) => ReadonlyArray<Finding>

export const nothing: ReadonlyArray<Finding> = []

/** Somebody did not hear what was said: it is said again, and whoever did hear it ignores it. */
export const unheard = (
  { orderId }: Story,
  rule: string,
  says: string,
  ...speakers: ReadonlyArray<Speaker>
): ReadonlyArray<Finding> => [{
  id: `order/${orderId}/${rule}`,
  orderId,
  says,
  remedy: { _tag: "SayAgain", speakers },
  does: `what ${speakers.join(" and ")} said of it is said again`
}]

/** Nobody but a person can tell what is right. */
export const forPerson = ({ orderId }: Story, rule: string, says: string, does: string): ReadonlyArray<Finding> => [{
  id: `order/${orderId}/${rule}`,
  orderId,
  says,
  remedy: { _tag: "Person" },
  does
}]

/** Timers ask again within minutes: what has not changed for longer waits for nothing that will come by itself. */
const patience = Duration.hours(1)

export const isStale = ({ now }: Case, since: DateTime.Utc): boolean =>
  DateTime.lessThan(DateTime.addDuration(since, patience), now)

/** The provider repeats its answer to a payment's key for 24 hours; an hour of that is left for clocks and queues. */
const keyLifetime = Duration.hours(23)

/**
 * Whether a payment that was lost may be asked for again: under the same key the provider answers with the charge that it made.
 * Later it would make another one (H49).
 */
export const isRemembered = ({ now, order }: Case): boolean => {
  const asked = order?.askedAt ?? null
  return asked !== null && DateTime.lessThan(now, DateTime.addDuration(asked, keyLifetime))
}

export const byHand = "look in the audit trails who changed it by hand"
export const restored = "a database seems to be restored to an earlier moment: compare with its newest backup"
