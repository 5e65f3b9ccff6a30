import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import * as Campaign from "../support/Campaign.ts"
import { post } from "../support/Edge.ts"
import { booksOf, charging, struck, whileFaulty } from "../support/Provider.ts"
import * as Crowd from "../support/RandomCrowd.ts"
import { newCustomer, newProduct, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"

/** An order that is cancelled while its card is charged. A hundred random ones may have none whose money goes back. */
const givenBack = Effect.gen(function*() {
  const customer = yield* newCustomer
  const order = yield* Customer.place(customer, yield* newProduct(5), 1)
  const { hang: before = 0 } = yield* struck
  yield* whileFaulty(
    { fault: "hang", delayMs: 700, match: charging },
    Effect.gen(function*() {
      yield* post(customer, `/orders/${order.id}/pay`, { key: v7(), body: { paymentMethodId: "pm_card_visa" } })
      yield* until(struck, ({ hang = 0 }) => hang > before)
      yield* post(customer, `/orders/${order.id}/cancel`)
    })
  )
  yield* until(booksOf(order), ({ refunds }) => refunds.length === 1)
})

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

  it.effect(
    "the provider kept what shipped orders cost, to the cent (H48, H50)",
    () => Effect.zipRight(givenBack, Campaign.moneyIsRight)
  )

  it.effect("no attempt was asked about more often than it may be (H71)", () => Campaign.callsWereFew)
})
