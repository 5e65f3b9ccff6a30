import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { isAlive, signal } from "@quartet/hosting/ProcessTable"
import { Effect, Schedule } from "effect"
import * as Process from "../support/Process.ts"

const kills = 4

describe("a start at once after `kill -9`", () => {
  it.live("succeeds every time, though nobody reaps what was killed (H228)", () =>
    Effect.gen(function*() {
      const home = yield* Process.makeHome()
      for (let round = 0; round < kills; round++) {
        const { pid, stderr, stdout } = yield* Process.unreaped(["start"], home.settings)
        yield* Effect.sync(stdout).pipe(
          Effect.repeat({
            schedule: Schedule.spaced("20 millis"),
            until: (text) => text.includes("is ready") || stderr().includes("FATAL")
          }),
          Effect.timeout("60 seconds")
        )
        assert.include(stdout(), "is ready", `start ${round}: ${stderr()}`)
        assert.isTrue(yield* isAlive(pid()))
        yield* signal(pid(), "SIGKILL")
      }
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)), 120_000)
})
