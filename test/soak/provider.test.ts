import { layer } from "@effect/vitest"
import { Console, Effect, Layer } from "effect"
import * as Bank from "../support/Bank.ts"
import * as Campaign from "../support/Campaign.ts"
import { shareOf } from "../support/Chance.ts"
import * as Quartet from "../support/Quartet.ts"
import * as Crowd from "../support/RandomCrowd.ts"

const minutes = (count: number) => ({ timeout: count * 60_000 })

const crowd = Layer.unwrapEffect(
  Effect.map(shareOf(10_000), (orders) => Crowd.layer(orders, 60, Crowd.chaos(0.2, Campaign.everyKind)))
)

layer(Layer.provideMerge(Layer.merge(crowd, Bank.layer), Quartet.layer(Campaign.settings)), {
  excludeTestServices: true,
  timeout: 60 * 60_000
})("ten thousand orders while every fifth call to the provider goes wrong", (it) => {
  it.effect("every kind of fault strikes", () => Campaign.everyFaultStruck(Campaign.everyKind, 2000))

  it.effect(
    "and no law is broken, once all is at rest (G1, G15)",
    () => Campaign.everyLawHolds("10 minutes"),
    minutes(11)
  )

  it.effect("every order that was acknowledged is over (H39, H83)", () => Campaign.everyOrderEnded, minutes(1))

  it.effect(
    "the provider kept what shipped orders cost, to the cent (H48, H50)",
    () => Campaign.moneyIsRight,
    minutes(1)
  )

  it.effect(
    "no attempt was asked about more often than it may be (H71)",
    () =>
      Effect.gen(function*() {
        const { struck } = yield* Crowd.RandomCrowd
        const most = yield* Campaign.callsWereFew
        yield* Console.log("What struck, and how often:", struck, "The most calls that one attempt cost:", most)
      }),
    minutes(1)
  )
})
