import type { SqlError } from "@effect/sql"
import { Effect } from "effect"

/** While the database is away, the edge answers 503 and says when to come back: to it that is the one defect it knows. */
export const reachable = <A, E, R>(effect: Effect.Effect<A, E | SqlError.SqlError, R>) =>
  Effect.catchTag(effect, "SqlError", Effect.die)
