import type { OrderView } from "@quartet/contracts/OrderView"
import { Context, Effect, Layer, Random, Schema } from "effect"
import { look } from "quartet/demo/Customer"
import type { Customer } from "quartet/demo/Customer"
import { v7 } from "uuid"
import { seedSetting } from "./Chance.ts"
import { whileChaos } from "./Chaos.ts"
import type { Answered } from "./Edge.ts"
import { order, post } from "./Edge.ts"
import { authenticate, struck } from "./Provider.ts"
import { misbehave, newCustomer, newProduct, until } from "./Shop.ts"

/** What one customer is going to do; all of it follows from the seed. */
interface Plan {
  readonly lines: ReadonlyArray<{ readonly product: number; readonly quantity: number }>
  readonly card: string
  /** How often the button is pressed under one key. */
  readonly presses: number
  /** Whether it is pressed under another key as well. */
  readonly otherKey: boolean
  readonly bank: "succeeded" | "failed" | "never"
  readonly cancel: "never" | "draft" | "reserved" | "paying" | "later"
}

/** An order that was acknowledged, and every answer that its customer got to one key. */
interface Told {
  readonly customer: Customer
  readonly order: OrderView
  readonly answers: ReadonlyArray<Answered>
}

/** What a crowd did. */
export class RandomCrowd extends Context.Tag("@quartet/test/RandomCrowd")<RandomCrowd, {
  readonly seed: number
  readonly received: ReadonlyMap<string, number>
  readonly told: ReadonlyArray<Told>
  /** How often the provider misbehaved, by the kind of it. */
  readonly struck: Readonly<Record<string, number>>
}>() {}

const pick = <const A>(...choices: ReadonlyArray<readonly [weight: number, A]>) =>
  Effect.map(Random.nextRange(0, choices.reduce((sum, [weight]) => sum + weight, 0)), (drawn) => {
    let left = drawn
    const found = choices.find(([weight]) => (left -= weight) < 0) ?? choices[0]
    if (found === undefined) throw new RangeError("Nothing to choose from.")
    return found[1]
  })

const products = 6

/** So many units of each product for so many customers that the last of them find some gone. */
const scarce = (customers: number) => Math.ceil(customers * 0.6)

const plan = Effect.gen(function*() {
  const line = Effect.all({ product: Random.nextIntBetween(0, products), quantity: Random.nextIntBetween(1, 4) })
  const value: Plan = {
    lines: yield* Effect.replicateEffect(line, yield* pick([6, 1], [3, 2], [1, 3])),
    card: yield* pick(
      [60, "pm_card_visa"],
      [10, "pm_card_mastercard"],
      [10, "pm_card_chargeDeclined"],
      [10, "pm_card_authenticationRequired"],
      [5, "pm_nobodyKnows"],
      [5, ""]
    ),
    presses: yield* pick([6, 1], [3, 2], [1, 5]),
    otherKey: yield* Random.nextBoolean,
    bank: yield* pick([6, "succeeded"], [3, "failed"], [1, "never"]),
    cancel: yield* pick([6, "never"], [1, "draft"], [1, "reserved"], [1, "paying"], [1, "later"])
  }
  return value
})

const cancel = (customer: Customer, { id }: OrderView) => post(customer, `/orders/${id}/cancel`)

/** Presses the button, in every way planned, and asks once more for the answer when it is there. */
const press = Effect.fn("RandomCrowd.press")(
  function*(customer: Customer, { id }: OrderView, { card, otherKey, presses }: Plan) {
    const key = v7()
    const once = (key: string) =>
      post(customer, `/orders/${id}/pay`, { key, prefer: "wait=2", body: { paymentMethodId: card } })
    const [answers] = yield* Effect.all([
      Effect.replicateEffect(once(key), presses, { concurrency: "unbounded" }),
      otherKey ? once(v7()) : Effect.void
    ], { concurrency: "unbounded" })
    return [...answers, yield* once(key)]
  }
)

/** Lives one customer's plan. */
const live = Effect.fn("RandomCrowd.live")(function*(plan: Plan, skus: ReadonlyArray<string>) {
  const customer = yield* newCustomer
  const lines = plan.lines.map(({ product, quantity }) => ({ sku: skus[product] ?? "", quantity }))
  const placed = yield* order(customer, lines, plan.cancel === "draft" ? "wait=0" : "wait=20")
  if (plan.cancel === "draft" || plan.cancel === "reserved") yield* cancel(customer, placed)
  const paying = plan.card === "" ? Effect.succeed<ReadonlyArray<Answered>>([]) : press(customer, placed, plan)
  const [answers] = yield* Effect.all([
    paying,
    plan.cancel === "paying" ? cancel(customer, placed) : Effect.void
  ], { concurrency: "unbounded" })
  if (plan.card === "pm_card_authenticationRequired" && plan.bank !== "never") {
    const { nextAction } = yield* until(
      look(customer, placed),
      ({ nextAction, status }) => nextAction !== undefined || status !== "PaymentPending"
    )
    if (nextAction !== undefined) yield* authenticate(placed, plan.bank)
  }
  if (plan.cancel === "later" || plan.bank === "never") yield* cancel(customer, placed)
  const told: Told = { customer, order: placed, answers }
  return told
})

/** One turn of bad luck at the provider's: calls that fail in some way, and events that go astray in some other. */
const misfortune = Effect.gen(function*() {
  const path = yield* pick([6, "/v1/payment_intents"], [2, "/v1/refunds"], [1, "/v1/payment_intents/*/cancel"])
  const fault = yield* pick(
    [2, "error_before"],
    [2, "error_after"],
    [2, "reset_before"],
    [2, "reset_after"],
    [2, "hang"],
    [1, "rate_limit"],
    [1, "lock_timeout"],
    [1, "in_use"],
    [1, "non_json"]
  )
  const delayMs = fault === "hang" ? { delayMs: yield* Random.nextIntBetween(100, 1200) } : {}
  yield* misbehave("faults", { match: { method: "POST", path }, fault, ...delayMs })
  const mode = yield* pick([2, "deliver"], [2, "duplicate"], [2, "reorder"], [1, "drop"], [1, "hold"])
  yield* misbehave("webhooks", { mode, delayMs: mode === "reorder" ? 200 : 0 })
})

/** Runs while the provider has bad luck, of which all follows from the seed, and says how often it struck. */
export type BadLuck = <A, E, R>(
  seed: number,
  run: Effect.Effect<A, E, R>
) => Effect.Effect<
  { readonly result: A; readonly struck: Readonly<Record<string, number>> },
  E | Effect.Effect.Error<typeof struck>,
  R | Effect.Effect.Context<typeof struck>
>

/** One misfortune after the other, each of which lasts until the next. */
export const misfortunes: BadLuck = (seed, run) =>
  Effect.gen(function*() {
    const unlucky = Effect.withRandom(
      Effect.forever(Effect.zipRight(misfortune, Effect.sleep("60 millis"))),
      Random.make(`${seed} luck`)
    )
    const result = yield* Effect.raceFirst(run, unlucky)
    yield* misbehave("webhooks", { mode: "deliver" })
    return { result, struck: yield* struck }
  })

/** Every call meets one of these faults this often, and every twentieth event each of what can happen to one. */
export const chaos = (faults: number, kinds: ReadonlyArray<string>): BadLuck => (seed, run) => {
  const webhooks = { lost: 0.05, duplicated: 0.05, late: 0.05, reordered: 0.05, lateMs: 1500 }
  const luck = { seed, faults, kinds, hangMs: 1500, webhooks }
  return Effect.map(whileChaos(luck, run), ({ result, struck, webhooks }) => ({
    result,
    struck: { ...struck, ...webhooks }
  }))
}

/** So many customers, `atOnce` of them together, while the provider has bad luck. */
export const layer = (customers: number, atOnce: number, badLuck: BadLuck) =>
  Layer.effect(
    RandomCrowd,
    Effect.gen(function*() {
      const seed = yield* seedSetting
      return yield* Effect.gen(function*() {
        const plans = yield* Effect.replicateEffect(plan, customers)
        const stock = scarce(customers)
        const skus = yield* Effect.replicateEffect(newProduct(stock, 1250), products)
        const { result, struck } = yield* badLuck(
          seed,
          Effect.forEach(plans, (plan) => live(plan, skus), { concurrency: atOnce })
        )
        return { seed, told: result, received: new Map(skus.map((sku): [string, number] => [sku, stock])), struck }
      }).pipe(
        Effect.withRandom(Random.make(seed)),
        Effect.tapErrorCause((cause) => Effect.logError(`The crowd of seed ${seed} was not served.`, cause))
      )
    })
  )

/** The orders of the crowd as their customers see them now. */
export const ordersNow = Effect.gen(function*() {
  const { told } = yield* RandomCrowd
  return yield* Effect.forEach(told, ({ customer, order }) => look(customer, order), { concurrency: 8 })
})

/** One line of a history. */
export const Step = Schema.Struct({ version: Schema.Int, from: Schema.NullOr(Schema.String), to: Schema.String })
