import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { Effect, Schema } from "effect"
import { demand } from "quartet/Shop"
import { System } from "./Addresses.ts"
import { send } from "./Provider.ts"
import { misbehave } from "./Shop.ts"

const Met = Schema.Struct({
  struck: Schema.Record({ key: Schema.String, value: Schema.Int }),
  webhooks: Schema.Record({ key: Schema.String, value: Schema.Int })
})

/** How the provider's dice fall; see its own description. */
export interface Luck {
  readonly seed: number
  readonly faults: number
  readonly kinds?: ReadonlyArray<string>
  readonly hangMs?: number
  readonly webhooks: Readonly<Record<string, number>>
}

/** Runs while calls and events of the provider meet what the dice say, and says what they met. */
export const whileChaos = <A, E, R>(luck: Luck, run: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { simulator } = yield* System
    const end = send(HttpClientRequest.del(`${simulator}/_simulator/chaos`))
    const result = yield* Effect.acquireUseRelease(misbehave("chaos", luck), () => run, () => Effect.orDie(end))
    const met = yield* demand({ method: "GET", url: `${simulator}/_simulator/chaos` }, Met)
    return { result, ...met }
  })

const Calls = Schema.Struct({
  byKey: Schema.Record({ key: Schema.String, value: Schema.Int }),
  byUrl: Schema.Record({ key: Schema.String, value: Schema.Int })
})

/** How often the provider was asked, by its own count: under each key, and without one at each URL. */
export const calls = Effect.gen(function*() {
  const { simulator } = yield* System
  return yield* demand({ method: "GET", url: `${simulator}/_simulator/calls` }, Calls)
})
