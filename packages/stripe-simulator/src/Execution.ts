import { type Context, Effect } from "effect"
import type * as Calls from "./Calls.ts"
import * as Event from "./Event.ts"
import type { Injection } from "./Faults.ts"
import type { Asked } from "./Idempotency.ts"
import type { Entry, Ledger } from "./Ledger.ts"
import type { Reply, Unkept } from "./Reply.ts"
import type { Stamp } from "./Stamp.ts"
import type { Webhooks } from "./Webhooks.ts"
import { internal, type WireError } from "./WireError.ts"

/** Where a decision is kept and told. */
export interface Books {
  readonly ledger: Context.Tag.Service<Ledger>
  readonly webhooks: Context.Tag.Service<Webhooks>
}

/** Decides and keeps, in one step; tells afterwards. An answer that could not be kept is an error, and nothing happened. */
export const execute = (
  { ledger, webhooks }: Books,
  stamp: Stamp,
  asked: Asked | undefined,
  fault: Injection | undefined,
  decide: () => Calls.Outcome
): Effect.Effect<Calls.Outcome> =>
  ledger.transact(() => {
    const decided = decide()
    const outcome = fault?.fault === "error_after" ? { ...decided, answer: failed(decided.answer) } : decided
    const tell = webhooks.admit(Event.record(outcome.tell, stamp))
    return { outcome, tell, entry: entryOf(outcome, tell, stamp, asked) }
  }).pipe(
    Effect.flatMap(({ outcome, tell }) => Effect.as(webhooks.send(tell), outcome)),
    Effect.catchTag("JournalUnavailable", (error) =>
      Effect.as(Effect.logError("the ledger could not be written", error), {
        put: [],
        tell: [],
        answer: internal(false)
      }))
  )

/** The error after the fact: kept under the key exactly when the true answer would have been. */
const failed = (actual: Reply | Unkept): WireError => internal(actual._tag !== "WireError" || actual.executed)

const entryOf = (
  outcome: Calls.Outcome,
  tell: ReadonlyArray<Event.EventRecord>,
  stamp: Stamp,
  asked: Asked | undefined
): Entry => {
  const { answer: reply } = outcome
  const keep = asked !== undefined && reply._tag !== "Page" && reply._tag !== "Account" &&
    (reply._tag !== "WireError" || reply.executed)
  return {
    ...(outcome.put.length > 0 ? { put: outcome.put } : {}),
    ...(tell.length > 0 ? { tell } : {}),
    ...(keep ? { remember: { ...asked, requestId: stamp.requestId, at: stamp.now, reply } } : {})
  }
}
