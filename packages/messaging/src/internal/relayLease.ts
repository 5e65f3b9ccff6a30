import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import type { Scope } from "effect"
import { Clock, Duration, Effect, Schema } from "effect"

/** Who asks for the lease, and how. */
export interface Claimant {
  readonly holder: string
  /** How long a holder that fell silent keeps it. */
  readonly lease: Duration.Duration
  /** How often one that stands by asks whether it became free. */
  readonly standBy: Duration.Duration
}

/**
 * Tells whether this relay is the one that speaks. The lease is taken over when it ran out, and prolonged when half of it
 * is gone; between, nobody is asked. So the answer may be out of date, and a look at the outbox has the last word: what it
 * finds depends on the lease too.
 *
 * The scope's end gives the lease back, so that another replica goes on at once instead of when it runs out.
 */
export const makeLease = Effect.fnUntraced(function*(
  { holder, lease, standBy }: Claimant
): Effect.fn.Return<Effect.Effect<boolean, SqlError.SqlError>, never, SqlClient.SqlClient | Scope.Scope> {
  const sql = yield* SqlClient.SqlClient
  const claim = SqlSchema.findAll({
    Request: Schema.Number,
    Result: Schema.Struct({ fence: Schema.String }),
    execute: (seconds) =>
      sql`
        UPDATE relay_lease SET
          fence = fence + (holder <> ${holder})::integer,
          holder = ${holder},
          expires_at = now() + ${seconds} * interval '1 second'
        WHERE expires_at < now() OR holder = ${holder}
        RETURNING fence::text AS fence`
  })
  const release = sql`UPDATE relay_lease SET expires_at = '-infinity' WHERE holder = ${holder}`
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(Effect.interruptible(release), "1 second")))

  // Since when, by a clock that never jumps.
  const last = { held: false, asked: Number.NEGATIVE_INFINITY }
  return Effect.gen(function*() {
    const now = Number(yield* Clock.currentTimeNanos) / 1e6
    const pause = last.held ? Duration.toMillis(lease) / 2 : Duration.toMillis(standBy)
    if (now - last.asked < pause) return last.held
    const claimed = yield* Effect.catchTag(claim(Duration.toSeconds(lease)), "ParseError", Effect.die)
    last.asked = now
    last.held = claimed.length > 0
    return last.held
  })
})
