import type { DateTime } from "effect"
import { Cause, Either } from "effect"
import type { Behaviour, Step } from "./Behaviour.ts"
import type { Decision } from "./Decision.ts"
import type { Entry } from "./Outbox.ts"
import type { Outcome, Submission } from "./Submission.ts"

/** What a batch came to, in memory: nothing is written yet. */
export interface Folded<Slice, Command, Event, Rejection, Reply> {
  readonly after: Slice
  readonly steps: ReadonlyArray<Step<Slice, Command, Event, Reply>>
  readonly entries: ReadonlyArray<Entry>
  /** One for each submission, in order. */
  readonly outcomes: ReadonlyArray<Outcome<Reply, Rejection>>
  /** Why a submission changed nothing, where it did not; one for each submission. */
  readonly ignored: ReadonlyArray<string | undefined>
}

/**
 * Decides a whole batch, each command on the state that those before it left. A command that throws is set aside with
 * its cause and leaves no trace in the state.
 */
export const foldBatch = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  loaded: Slice,
  submissions: ReadonlyArray<Submission<Command, Reply>>,
  at: DateTime.Utc
): Folded<Slice, Command, Event, Rejection, Reply> => {
  let after = loaded
  const steps: Array<Step<Slice, Command, Event, Reply>> = []
  const entries: Array<Entry> = []
  const outcomes: Array<Outcome<Reply, Rejection>> = []
  const ignored: Array<string | undefined> = []
  for (const submission of submissions) {
    const result = Either.try({
      try: () => handle(behaviour, after, submission, at),
      catch: (defect): Outcome<Reply, Rejection> => ({ _tag: "Died", cause: Cause.die(defect) })
    })
    if (Either.isLeft(result)) {
      outcomes.push(result.left)
      ignored.push(undefined)
      continue
    }
    after = result.right.after
    steps.push(...result.right.steps)
    entries.push(...result.right.entries)
    outcomes.push(result.right.outcome)
    ignored.push(result.right.ignored)
  }
  return { after, steps, entries, outcomes, ignored }
}

const handle = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  loaded: Slice,
  submission: Submission<Command, Reply>,
  at: DateTime.Utc
) => {
  const decision = behaviour.decide(loaded, submission.command, at)
  const steps: Array<Step<Slice, Command, Event, Reply>> = []
  const entries: Array<Entry> = []
  let after = loaded
  if (decision._tag === "Accepted") {
    for (const event of decision.events) {
      const before = after
      after = behaviour.evolve(before, event)
      steps.push({ event, submission, before, after, at })
      for (const message of behaviour.say(event, after)) entries.push({ message, lineage: submission.lineage })
    }
  }
  return { after, steps, entries, ...told(behaviour, after, submission, decision) }
}

const told = <Slice, Command, Event, Rejection, Reply>(
  behaviour: Behaviour<Slice, Command, Event, Rejection, Reply>,
  after: Slice,
  { command, origin }: Submission<Command, Reply>,
  decision: Decision<Event, Rejection>
): { readonly outcome: Outcome<Reply, Rejection>; readonly ignored: string | undefined } => {
  if (decision._tag === "Refused") {
    return { outcome: { _tag: "Refused", rejection: decision.rejection }, ignored: undefined }
  }
  if (decision._tag === "TooEarly") {
    return { outcome: { _tag: "TooEarly", reason: decision.reason }, ignored: undefined }
  }
  const reply = behaviour.reply(after, command)
  const answer = origin._tag === "KeyedRequest" ? origin.answer(reply) : undefined
  return {
    outcome: { _tag: "Done", reply, answer },
    ignored: decision._tag === "Ignored" ? decision.reason : undefined
  }
}
