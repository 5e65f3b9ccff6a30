import { Cause, Effect, Schema } from "effect"
import type { Outcome, Submission } from "./Submission.ts"

/** The actor cannot take the request now; asking again later is safe. The edge answers 503. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

/** A command as a request without a key brings it. The request's correlation id is also the cause of what follows. */
export const requested = <Command, Reply>(
  command: Command,
  { by, correlationId }: { readonly by: string; readonly correlationId: string }
): Submission<Command, Reply> => ({
  command,
  by,
  origin: { _tag: "Request" },
  lineage: { causationId: correlationId, correlationId }
})

/** What the asker of such a command gets: the reply, or why not. A bug stays a defect. */
export const replyOf = <Reply, Rejection>(
  outcome: Outcome<Reply, Rejection>
): Effect.Effect<Reply, Rejection | Unavailable> => {
  if (outcome._tag === "Done") return Effect.succeed(outcome.reply)
  if (outcome._tag === "Refused") return Effect.fail(outcome.rejection)
  if (outcome._tag === "Died") return Effect.die(Cause.squash(outcome.cause))
  return Effect.fail(new Unavailable({ reason: "reason" in outcome ? outcome.reason : outcome._tag }))
}
