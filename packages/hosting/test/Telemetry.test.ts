import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Console, Effect } from "effect"
import { Correlation } from "../src/Correlation.ts"
import * as Telemetry from "../src/Telemetry.ts"

/** The lines that are logged meanwhile, in this format. */
const logged = Effect.fnUntraced(function*<E>(format: string, logging: Effect.Effect<void, E>) {
  const lines: Array<string> = []
  const note = (...words: ReadonlyArray<unknown>) => void lines.push(words.map(String).join(" "))
  yield* Console.consoleWith((console) =>
    Effect.withConsole(
      logging.pipe(
        Effect.provide(Telemetry.layer),
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["LOG_FORMAT", format]])))
      ),
      { ...console, unsafe: { ...console.unsafe, error: note } }
    )
  )
  return lines
})

describe("a log", () => {
  it.effect("says of each line for which request it was (H213)", () =>
    Effect.gen(function*() {
      const asked = Effect.provideService(Effect.logInfo("Something happened."), Correlation, "0192-request")
      const [line = ""] = yield* logged("json", asked)
      assert.include(line, `"correlationId":"0192-request"`)
    }))

  it.effect("says nothing of a request where there is none", () =>
    Effect.gen(function*() {
      const [line = ""] = yield* logged("json", Effect.logInfo("Something happened."))
      assert.include(line, "Something happened.")
      assert.notInclude(line, "correlationId")
    }))
})
