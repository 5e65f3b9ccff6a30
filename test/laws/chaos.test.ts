import { layer } from "@effect/vitest"
import { Layer } from "effect"
import * as Campaign from "../support/Campaign.ts"
import * as Crowd from "../support/RandomCrowd.ts"
import * as System from "../support/System.ts"

layer(Layer.provideMerge(Crowd.layer(100, 50, Crowd.chaos(0.5, Campaign.passing)), System.layer(Campaign.settings)), {
  excludeTestServices: true,
  timeout: 120_000
})("a hundred orders while every second call to the provider goes wrong", (it) => {
  it.effect("every kind of fault strikes", () => Campaign.everyFaultStruck(Campaign.passing))

  it.effect(
    "and no law is broken, once all is at rest (G1, G15)",
    () => Campaign.everyLawHolds("45 seconds")
  )

  it.effect("every order that was acknowledged is over (H39, H83)", () => Campaign.everyOrderEnded)

  it.effect("the provider kept what shipped orders cost, to the cent (H48, H50)", () => Campaign.moneyIsRight)

  it.effect("no attempt was asked about more often than it may be (H71)", () => Campaign.callsWereFew)
})
