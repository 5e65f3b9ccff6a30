import type { Cause } from "effect"
import type { Received } from "./Inbox.ts"
import type { Answer, KeyClaim } from "./KeyClaim.ts"
import type { Lineage } from "./Outbox.ts"

/** Who caused a command and how it is told apart from its repetitions. Both doors, messages and requests, have one. */
export type Origin<Reply> =
  | { readonly _tag: "Message"; readonly received: Received }
  | { readonly _tag: "Request" }
  | {
    readonly _tag: "KeyedRequest"
    readonly claim: KeyClaim
    /** The answer that a replay of this request will get. */
    readonly answer: (reply: Reply) => Answer
  }

/** A command on its way to an actor. `by` names who wants it, for the audit trail. */
export interface Submission<Command, Reply> {
  readonly command: Command
  readonly origin: Origin<Reply>
  readonly lineage: Lineage
  readonly by: string
}

/** What became of a submission, told after the commit. */
export type Outcome<Reply, Rejection> =
  | { readonly _tag: "Done"; readonly reply: Reply; readonly answer: Answer | undefined }
  /** The same request was answered before: this is that answer. */
  | { readonly _tag: "Replayed"; readonly answer: Answer }
  /** The same message was handled before. */
  | { readonly _tag: "Duplicate" }
  /** Another message with the same id was handled before: this one was not, and cannot be. */
  | { readonly _tag: "IdReused" }
  | { readonly _tag: "Refused"; readonly rejection: Rejection }
  | { readonly _tag: "TooEarly"; readonly reason: string }
  /** The key was used for another request. */
  | { readonly _tag: "KeyReused" }
  /** The first request with this key is still being answered. */
  | { readonly _tag: "KeyInProgress" }
  /** The command failed by itself, which is a bug; the rest of its batch is not touched. */
  | { readonly _tag: "Died"; readonly cause: Cause.Cause<unknown> }
  /** Nothing was decided: the database is away, or too much waits already. Asking again is safe. */
  | { readonly _tag: "Unavailable"; readonly reason: string }
