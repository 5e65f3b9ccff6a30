import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { seeded, shareOf } from "../support/Chance.ts"
import * as Quartet from "../support/Quartet.ts"
import { survivesBlows } from "../support/Survival.ts"

const minutes = (count: number) => ({ timeout: count * 60_000 })

/** In an hour of theirs these customers have more cards declined than others in a year. */
const settings = { CUSTOMER_FAILED_PAYMENTS_PER_HOUR: "0" }

layer(Quartet.layer(settings), { excludeTestServices: true, timeout: 120_000 })("fifty times in a row", (it) => {
  it.effect(
    "the process is killed, and nothing is lost, doubled or set aside (H133, H165)",
    () => seeded(Effect.flatMap(shareOf(50), (blows) => survivesBlows(blows, ({ kill }) => kill))),
    minutes(15)
  )

  it.effect(
    "the process is killed with its PostgreSQL, and nothing is lost, doubled or set aside (H133, H165)",
    () => seeded(Effect.flatMap(shareOf(50), (blows) => survivesBlows(blows, ({ killAll }) => killAll))),
    minutes(15)
  )
})
