import { Sku } from "@quartet/contracts/Ids"
import type { OrderView } from "@quartet/contracts/OrderView"
import type { Duration } from "effect"
import { Effect, Schedule, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { ask, demand } from "quartet/Shop"
import * as Token from "quartet/Token"
import type { Broken } from "quartet/Verify"
import { readLedger, verify } from "quartet/Verify"
import { v7 } from "uuid"
import { System } from "./Addresses.ts"

const Level = Schema.Struct({ sku: Schema.String, onHand: Schema.Int, reserved: Schema.Int, available: Schema.Int })

/** What was waited for did not come to pass. */
export class NotAsWished extends Schema.TaggedError<NotAsWished>()("NotAsWished", { seen: Schema.Unknown }) {
  override get message() {
    return `It never became as wished; seen last: ${JSON.stringify(this.seen)}`
  }
}

/** Looks until it is as wished, and fails with what it saw last when that does not come to pass. */
export const until = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  isFine: (seen: A) => boolean,
  atMost: Duration.DurationInput = "20 seconds"
) =>
  look.pipe(
    Effect.filterOrFail(isFine, (seen) => new NotAsWished({ seen })),
    Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo(atMost)))
  )

/** A customer with a name of their own, so that tests do not meet each other's orders. */
export const newCustomer = Effect.gen(function*() {
  const { order } = yield* System
  return { url: order, token: yield* Token.forCustomer(`customer-${v7()}`) }
})

/** A product that nobody else in this run sells, with so many on the shelf. */
export const newProduct = Effect.fn("Shop.newProduct")(function*(stock: number, amount = 1000, currency = "EUR") {
  const { inventory, prices } = yield* System
  const token = yield* Token.forOperator
  const sku = Sku.make(`sku-${v7()}`)
  yield* demand({
    method: "PUT",
    url: `${prices}/products/${sku}`,
    token,
    body: { name: sku, price: { amount, currency } }
  }, Schema.Unknown)
  if (stock > 0) {
    yield* demand(
      { method: "POST", url: `${inventory}/stock/${sku}/receipts`, token, body: { quantity: stock } },
      Schema.Unknown
    )
  }
  return sku
})

export const levelOf = (sku: string) =>
  Effect.gen(function*() {
    const { inventory } = yield* System
    return yield* demand({ method: "GET", url: `${inventory}/stock/${sku}`, token: yield* Token.forOperator }, Level)
  })

/** Presses pay once, with a key of its own. */
export const pay = (customer: Customer.Customer, order: Pick<OrderView, "id">, card = "pm_card_visa", key = v7()) =>
  Customer.pressPay(customer, order, card, key)

/** Waits until the order is in this state. */
export const becomes = (customer: Customer.Customer, order: { readonly id: string }, status: string) =>
  until(Customer.look(customer, order), (seen) => seen.status === status)

const Charge = Schema.Struct({
  id: Schema.String,
  paid: Schema.Boolean,
  amount: Schema.Int,
  amount_refunded: Schema.Int,
  metadata: Schema.Struct({ orderId: Schema.String })
})

/** The charges that went through for an order, by the provider's own ledger. */
export const chargesOf = Effect.fn("Shop.chargesOf")(function*({ id }: { readonly id: string }) {
  const { simulator } = yield* System
  const { charges } = yield* demand(
    { method: "GET", url: `${simulator}/_simulator/ledger` },
    Schema.Struct({ charges: Schema.Array(Charge) })
  )
  return charges.filter(({ metadata, paid }) => paid && metadata.orderId === id)
})

/** Tells the provider's stand-in to misbehave. */
export const misbehave = (path: string, body: unknown) =>
  Effect.gen(function*() {
    const { simulator } = yield* System
    const response = yield* ask({ method: "POST", url: `${simulator}/_simulator/${path}`, body })
    if (response.status >= 300) return yield* Effect.dieMessage(`${path}: ${response.status} ${yield* response.text}`)
  })

/** Waits until nothing is under way, and returns the promises that are broken then: none, if all is well. */
export const brokenAtRest = (atMost: Duration.DurationInput = "60 seconds") =>
  Effect.gen(function*() {
    const { admin, simulator } = yield* System
    const check = Effect.flatMap(readLedger(simulator), (ledger) => verify(admin, ledger))
    return yield* check.pipe(
      Effect.repeat({
        until: (broken) => broken.length === 0,
        schedule: Schedule.spaced("250 millis").pipe(
          Schedule.upTo(atMost),
          Schedule.zipRight(Schedule.identity<ReadonlyArray<Broken>>())
        )
      })
    )
  })

/** Waits until the provider has nothing more to tell: every event was taken. */
export const webhooksDelivered = Effect.gen(function*() {
  const { simulator } = yield* System
  const told = demand(
    { method: "GET", url: `${simulator}/_simulator/webhooks` },
    Schema.Struct({ pending: Schema.Int })
  )
  yield* until(told, ({ pending }) => pending === 0)
})
