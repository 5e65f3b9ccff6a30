import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { shareOf } from "../support/Chance.ts"
import { survivesFuzzing, unlimited } from "../support/Fuzzing.ts"
import * as Quartet from "../support/Quartet.ts"

layer(Quartet.layer({ ...unlimited, LOG_LEVEL: "DEBUG" }), { excludeTestServices: true, timeout: 600_000 })(
  "the public edge",
  (it) => {
    it.scoped("survives 20,000 requests, most of them wrong somewhere (H189, H195, H196, H197)", () =>
      Effect.flatMap(shareOf(20_000), survivesFuzzing))
  }
)
