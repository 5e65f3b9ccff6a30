import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { changesNothing, survivesFuzzing, unlimited } from "../support/Fuzzing.ts"
import * as Quartet from "../support/Quartet.ts"

const whole = Quartet.layer({ ...unlimited, LOG_LEVEL: "DEBUG" })

layer(whole, { excludeTestServices: true, timeout: 120_000 })("the public edge, asked all sorts of things", (it) => {
  it.scoped("changes no row by what it refuses (H193, H202)", () => Effect.asVoid(changesNothing(800)))

  it.scoped("answers each, never by a 5xx, and keeps and tells no card number and no token (H189, H195, H196, H197)", () =>
    survivesFuzzing(2000))
})
