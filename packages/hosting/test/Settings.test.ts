import { assert, describe, it } from "@effect/vitest"
import type { Config } from "effect"
import { ConfigProvider, Duration, Effect, Either, Option } from "effect"
import * as Settings from "../src/Settings.ts"

const read = <A>(config: Config.Config<A>, value?: string) =>
  Effect.withConfigProvider(
    Effect.either(config),
    ConfigProvider.fromMap(new Map(value === undefined ? [] : [["LOOK_EVERY", value]]))
  )

const every = Settings.period("LOOK_EVERY", "5 minutes")

describe("a period", () => {
  it.effect("is what is set, or the usual, or none at all", () =>
    Effect.gen(function*() {
      const read5 = yield* read(every)
      assert.deepStrictEqual(Option.getRight(read5), Option.some(Option.some(Duration.minutes(5))))
      assert.deepStrictEqual(
        Option.getRight(yield* read(every, "30 seconds")),
        Option.some(Option.some(Duration.seconds(30)))
      )
      assert.deepStrictEqual(Option.getRight(yield* read(every, "never")), Option.some(Option.none()))
    }))

  it.effect("that is none, or endless, is refused by its name (H173)", () =>
    Effect.gen(function*() {
      for (const wrong of ["0 millis", "Infinity", "400 days", "now and then"]) {
        const refused = yield* Effect.flip(yield* read(every, wrong))
        assert.include(String(refused), "LOOK_EVERY")
      }
      for (const absent of ["", "  "]) assert.isTrue(Either.isRight(yield* read(every, absent)))
    }))
})
