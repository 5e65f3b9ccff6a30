import { Config, Duration, Effect, Layer } from "effect"
import { IdempotencyKeys } from "./IdempotencyKeys.ts"
import * as Setting from "./Setting.ts"
import * as Worker from "./Worker.ts"

/** How long an answered key is kept, and so how long a request may be repeated and get its first answer. */
export const lifetime = Setting.duration("IDEMPOTENCY_KEYS_KEPT_FOR", {
  longest: Duration.days(366),
  described: "366 days, such as \"24 hours\""
}).pipe(Config.withDefault(Duration.hours(24)))

/** Often enough that no key outlives its time by more than a quarter of an hour. */
const pause = Duration.minutes(15)

/** Deletes keys whose time is over, at the start and then again and again. Keys still in progress are left alone. */
export const layer = Layer.scopedDiscard(Effect.gen(function*() {
  const { expire } = yield* IdempotencyKeys
  const age = yield* lifetime
  yield* Worker.forever("Keys: expiry", Effect.zipRight(expire(age), Effect.sleep(pause)))
}))
