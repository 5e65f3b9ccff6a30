import type { OrderView } from "@quartet/contracts/OrderView"
import type { Redacted } from "effect"
import { Console, Effect, Option, Schedule, Schema } from "effect"
import { v7 } from "uuid"
import { demand } from "../Shop.ts"
import type { Customer } from "./Customer.ts"
import { cancel, history, place, pressPay, settled } from "./Customer.ts"
import { timeline } from "./Timeline.ts"

/** Where the tour goes, and as whom. */
export interface Stage {
  readonly customer: Customer
  readonly operator: Redacted.Redacted<string>
  readonly inventory: string
  /** The provider's stand-in; the tour looks into its ledger if it is there. */
  readonly simulator: string
}

const Level = Schema.Struct({ onHand: Schema.Int, reserved: Schema.Int, available: Schema.Int })
const Ledger = Schema.Struct({
  charges: Schema.Array(Schema.Struct({ paid: Schema.Boolean, metadata: Schema.Struct({ orderId: Schema.String }) }))
})

const say = (text: string) => Console.log(`   ${text}`)
const title = (text: string) => Console.log(`\n── ${text} ${"─".repeat(Math.max(2, 74 - text.length))}\n`)

/** Looks again until it is as wished, for five seconds at the most; then it is what it is. */
const patiently = <A, E, R>(look: Effect.Effect<A, E, R>, isFine: (seen: A) => boolean): Effect.Effect<A, E, R> =>
  look.pipe(
    Effect.repeat({
      until: isFine,
      schedule: Schedule.zipRight(Schedule.recurs(50), Schedule.spaced("100 millis")).pipe(
        Schedule.zipRight(Schedule.identity<A>())
      )
    })
  )

const tell = Effect.fn("Scenes.tell")(function*({ customer }: Stage, order: OrderView) {
  const final = yield* patiently(settled(customer, order), ({ refund }) => refund !== "requested")
  yield* Console.log(`\n${timeline(final, yield* history(customer, order))}`)
})

const available = ({ inventory, operator }: Stage, sku: string) =>
  Effect.map(
    demand({ method: "GET", url: `${inventory}/stock/${sku}`, token: operator }, Level),
    (level) => level.available
  )

const chargesOf = ({ simulator }: Stage, order: OrderView) =>
  demand({ method: "GET", url: `${simulator}/_simulator/ledger` }, Ledger).pipe(
    Effect.map(({ charges }) => charges.filter(({ metadata, paid }) => paid && metadata.orderId === order.id).length),
    Effect.option
  )

export const success = Effect.fn("Scenes.success")(function*(stage: Stage) {
  yield* title("An order that ships")
  const order = yield* place(stage.customer, "tea-assam", 2)
  yield* say(`Two packets of Assam are ${order.status.toLowerCase()}. Paying with a Visa card …`)
  yield* pressPay(stage.customer, order, "pm_card_visa", v7())
  yield* tell(stage, order)
})

export const doubleClick = Effect.fn("Scenes.doubleClick")(function*(stage: Stage) {
  yield* title("An impatient customer presses the button five times")
  const order = yield* place(stage.customer, "cup-raku", 1)
  const key = v7()
  const answers = yield* Effect.all(
    Array.from({ length: 5 }, () => pressPay(stage.customer, order, "pm_card_visa", key)),
    { concurrency: "unbounded" }
  )
  const kinds = answers.map(({ replayed, status }) => `${status}${replayed ? " replayed" : ""}`).join(", ")
  yield* say(`Answers: ${kinds}.`)
  yield* tell(stage, order)
  const charges = yield* chargesOf(stage, order)
  if (Option.isSome(charges)) yield* Console.log(`\n   Charges in the provider's own ledger: ${charges.value}.`)
})

export const declined = Effect.fn("Scenes.declined")(function*(stage: Stage) {
  yield* title("A declined card, and the stock coming back")
  const before = yield* available(stage, "pot-iron")
  const order = yield* place(stage.customer, "pot-iron", 3)
  const held = yield* available(stage, "pot-iron")
  yield* say("Three iron pots are held. Paying with a card that has no money on it …")
  yield* pressPay(stage.customer, order, "pm_card_visa_chargeDeclinedInsufficientFunds", v7())
  yield* tell(stage, order)
  const after = yield* patiently(available(stage, "pot-iron"), (level) => level >= before)
  yield* Console.log(`\n   Pots on the shelf: ${before} before, ${held} while they were held, ${after} after.`)
})

export const soldOut = Effect.fn("Scenes.soldOut")(function*(stage: Stage) {
  yield* title("More than there is")
  const order = yield* place(stage.customer, "whisk-bamboo", 500)
  yield* say(`Five hundred bamboo whisks: ${order.status}, ${order.reason?.replaceAll("_", " ") ?? ""}.`)
  yield* tell(stage, order)
})

export const changedMind = Effect.fn("Scenes.changedMind")(function*(stage: Stage) {
  yield* title("A change of mind")
  const order = yield* place(stage.customer, "tea-sencha", 1)
  yield* say("A packet of Sencha is held, and not wanted after all.")
  yield* cancel(stage.customer, order)
  yield* tell(stage, order)
})

export const tooLate = Effect.fn("Scenes.tooLate")(function*(stage: Stage) {
  yield* title("A change of mind after paying: the warehouse decides, and the money goes back")
  const order = yield* place(stage.customer, "tea-sencha", 4)
  const paid = yield* pressPay(stage.customer, order, "pm_card_visa", v7())
  yield* say(`Paid, answered with ${paid.status}. Cancelling before the parcel leaves …`)
  yield* cancel(stage.customer, order)
  yield* tell(stage, order)
})
