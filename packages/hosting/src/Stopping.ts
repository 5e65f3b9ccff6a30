import { Context, Effect } from "effect"

/**
 * Completes when the server that took the request was told to stop. Whoever holds an answer back gives it then: it may
 * not be held for as long as its caller would wait (H164). Outside of a request it never completes.
 */
export class Stopping extends Context.Reference<Stopping>()("@quartet/hosting/Stopping", {
  defaultValue: (): Effect.Effect<void> => Effect.never
}) {}
