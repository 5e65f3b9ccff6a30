import type { DateTime } from "effect"
import { Context, Data, Effect, Either, Layer, Option } from "effect"
import { Breaker } from "./Breaker.ts"
import type { Lane } from "./Throttle.ts"
import { Throttle } from "./Throttle.ts"

/** The provider was not asked: it is left alone for now, or it is not our turn. */
export class NotNow extends Data.TaggedClass("NotNow")<{ readonly notBefore: Option.Option<DateTime.Utc> }> {}

/** The way to the provider, past the breaker and the throttle. */
export class Passage extends Context.Tag("@quartet/payment/Passage")<Passage, {
  /** Asks within a second or so, or not now. */
  readonly through: <A>(lane: Lane, question: Effect.Effect<A>) => Effect.Effect<Either.Either<A, NotNow>>
  /** One call more of a question that passed, if there is room for it. */
  readonly another: <A>(call: Effect.Effect<A>) => Effect.Effect<Option.Option<A>>
}>() {}

export const layer = Layer.effect(
  Passage,
  Effect.gen(function*() {
    const breaker = yield* Breaker
    const throttle = yield* Throttle
    const notNow = (notBefore: Option.Option<DateTime.Utc>) => Either.left(new NotNow({ notBefore }))
    const through = <A>(lane: Lane, question: Effect.Effect<A>): Effect.Effect<Either.Either<A, NotNow>> =>
      Effect.scoped(Effect.gen(function*() {
        // Looked at first, so that nobody waits for a turn that would be of no use.
        const shut = yield* breaker.shut
        if (Option.isSome(shut)) return notNow(shut)
        if (!(yield* throttle.turn(lane))) return notNow(Option.none())
        const refused = yield* breaker.enter
        return Option.isSome(refused) ? notNow(refused) : Either.right(yield* question)
      }))
    return Passage.of({
      through,
      another: (call) => Effect.flatMap(throttle.another, (isFree) => isFree ? Effect.asSome(call) : Effect.succeedNone)
    })
  })
)
