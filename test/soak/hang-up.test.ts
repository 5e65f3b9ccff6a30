import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { shareOf } from "../support/Chance.ts"
import { hangUps } from "../support/HangUp.ts"
import * as Quartet from "../support/Quartet.ts"

layer(Quartet.layer(), { excludeTestServices: true, timeout: 150_000 })(
  "200 customers who hang up while paying",
  (it) => {
    it.effect(
      "are charged once each, whenever that was, and pressing again gives one answer (H10, H11)",
      () => Effect.flatMap(shareOf(200), hangUps),
      { timeout: 240_000 }
    )
  }
)
