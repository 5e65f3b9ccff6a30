import type { SqlError } from "@effect/sql"
import type { DateTime, Effect } from "effect"
import type { Decision } from "./Decision.ts"
import type { Outgoing } from "./Message.ts"
import type { Submission } from "./Submission.ts"
import type { Transaction } from "./Transaction.ts"
import type { Write } from "./Write.ts"

/** One event as it happened: what caused it, and the slice of state before and after it. */
export interface Step<Slice, Command, Event, Reply> {
  readonly event: Event
  readonly submission: Submission<Command, Reply>
  readonly before: Slice
  readonly after: Slice
  readonly at: DateTime.Utc
}

/**
 * What one actor is: its pure decider, how its state is kept, and what it says.
 *
 * A `Slice` is the part of the state that a batch needs. It must be persistent (an Effect `HashMap`, say): every step
 * keeps the slices before and after it.
 */
export interface Behaviour<Slice, Command, Event, Rejection, Reply> {
  /** The consumer's name in `processed_messages`, and the actor's in logs. */
  readonly name: string
  /** Commands with equal keys are handled one after the other, in their order. */
  readonly keyOf: (command: Command) => string
  /** Loads what the batch needs in key order, locked until the transaction ends. */
  readonly load: (commands: ReadonlyArray<Command>) => Effect.Effect<Slice, SqlError.SqlError, Transaction>
  readonly decide: (slice: Slice, command: Command, now: DateTime.Utc) => Decision<Event, Rejection>
  readonly evolve: (slice: Slice, event: Event) => Slice
  /** Keeps what changed, and the audit trail of the steps. Not called without steps. */
  readonly save: (
    steps: ReadonlyArray<Step<Slice, Command, Event, Reply>>,
    after: Slice
  ) => Write
  /** Who needs to hear of the event? */
  readonly say: (event: Event, after: Slice) => ReadonlyArray<Outgoing>
  /** Told after the commit, for whoever waits in this process; a crash in between skips it. */
  readonly committed?: (steps: ReadonlyArray<Step<Slice, Command, Event, Reply>>) => Effect.Effect<void>
  /** What the asker of the command is shown, whether anything happened or not. */
  readonly reply: (slice: Slice, command: Command) => Reply
}
