import { CurrentPlace } from "@quartet/hosting/Place"
import * as Slots from "@quartet/hosting/Slots"
import { Context, Effect, Layer } from "effect"
import * as OpenAnswers from "./OpenAnswers.ts"

/**
 * The requests that wait for a better answer (`Prefer: wait`). They hold no place of those that are worked on, and there
 * are so many of them at most, of one customer and in all. One more is answered at once: a preference need not be
 * granted (RFC 7240, §2).
 */
export class Waits extends Context.Tag("@quartet/order/Waits")<Waits, {
  /** Waits on the owner's account, or returns `refused` at once where there are as many waits as there may be. */
  readonly hold: <A, E, R>(owner: string, waiting: Effect.Effect<A, E, R>, refused: A) => Effect.Effect<A, E, R>
  readonly size: () => number
}>() {}

export const layer = Layer.effect(
  Waits,
  Effect.gen(function*() {
    const { waits: total } = yield* OpenAnswers.limits
    const { waits: each } = yield* OpenAnswers.customerLimits
    const slots = Slots.make({ total, each })
    return Waits.of({
      size: slots.taken,
      hold: (owner, waiting, refused) =>
        Effect.flatMap(CurrentPlace, (place) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              const isHeld = slots.take(owner)
              if (isHeld) place.leave()
              return isHeld
            }),
            (isHeld) => isHeld ? waiting : Effect.succeed(refused),
            (isHeld) =>
              Effect.sync(() => {
                if (!isHeld) return
                slots.release(owner)
                place.resume()
              })
          ))
    })
  })
)
