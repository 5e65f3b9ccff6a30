import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { Effect, Schema } from "effect"
import { demand } from "quartet/Shop"
import { System } from "./Addresses.ts"
import { misbehave } from "./Shop.ts"

const Metadata = Schema.Struct({ orderId: Schema.String })

const Ledger = Schema.Struct({
  intents: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      status: Schema.String,
      amount: Schema.Int,
      amount_received: Schema.Int,
      currency: Schema.String,
      metadata: Metadata
    })
  ),
  charges: Schema.Array(
    Schema.Struct({ id: Schema.String, paid: Schema.Boolean, amount: Schema.Int, metadata: Metadata })
  ),
  refunds: Schema.Array(
    Schema.Struct({ id: Schema.String, payment_intent: Schema.String, amount: Schema.Int, status: Schema.String })
  )
})

/** The provider's own books, which none of ours wrote. */
export const ledger = Effect.gen(function*() {
  const { simulator } = yield* System
  return yield* demand({ method: "GET", url: `${simulator}/_simulator/ledger` }, Ledger)
})

/** What the provider's books say of one order. */
export const booksOf = ({ id }: { readonly id: string }) =>
  Effect.map(ledger, ({ charges, intents, refunds }) => {
    const ours = intents.filter(({ metadata }) => metadata.orderId === id)
    const ids = new Set(ours.map((intent) => intent.id))
    return {
      intents: ours,
      charges: charges.filter(({ metadata, paid }) => paid && metadata.orderId === id).map(({ amount }) => amount),
      refunds: refunds.filter(({ payment_intent, status }) => ids.has(payment_intent) && status === "succeeded")
        .map(({ amount }) => amount)
    }
  })

export interface Fault {
  readonly fault: string
  readonly times?: number
  readonly delayMs?: number
  readonly match?: { readonly method?: string; readonly path?: string }
}

/** Calls that create and confirm an intent: the charge. */
export const charging = { method: "POST", path: "/v1/payment_intents" }

const Counted = Schema.Struct({ byFault: Schema.Record({ key: Schema.String, value: Schema.Int }) })

/** How often each fault struck. */
export const struck = Effect.gen(function*() {
  const { simulator } = yield* System
  const { byFault } = yield* demand({ method: "GET", url: `${simulator}/_simulator/faults` }, Counted)
  return byFault
})

/** Sends what the provider's stand-in understands and ours never say. */
export const send = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(request)).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (body) => ({ status: response.status, body })))
  )

const forget = Effect.gen(function*() {
  const { simulator } = yield* System
  yield* send(HttpClientRequest.del(`${simulator}/_simulator/faults`))
})

/** Somebody at our desk confirms an intent by hand, with this card. */
export const confirmByHand = Effect.fn("Provider.confirmByHand")(function*(intentId: string, card: string) {
  const { simulator } = yield* System
  return yield* send(
    HttpClientRequest.post(`${simulator}/v1/payment_intents/${intentId}/confirm`).pipe(
      HttpClientRequest.bearerToken("sk_test_desk"),
      HttpClientRequest.bodyUrlParams({ payment_method: card })
    )
  )
})

/** Somebody at our desk gives so much of an order's money back, past the system. */
export const refundByHand = Effect.fn("Provider.refundByHand")(
  function*(order: { readonly id: string }, amount: number) {
    const { simulator } = yield* System
    const [intent] = (yield* booksOf(order)).intents
    return yield* send(
      HttpClientRequest.post(`${simulator}/v1/refunds`).pipe(
        HttpClientRequest.bearerToken("sk_test_desk"),
        HttpClientRequest.bodyUrlParams({ payment_intent: intent?.id ?? "", amount: `${amount}` })
      )
    )
  }
)

/** The bank returns all that had gone back of an order's money. */
export const returnRefunds = (order: { readonly id: string }) => onRefunds(order, "fail")

/** The bank does what it has in store for refunds that are pending. */
export const settleRefunds = (order: { readonly id: string }) => onRefunds(order, "settle")

const onRefunds = Effect.fn("Provider.onRefunds")(function*(order: { readonly id: string }, what: "fail" | "settle") {
  const { simulator } = yield* System
  const { refunds } = yield* ledger
  const { intents: [intent] } = yield* booksOf(order)
  const ours = refunds.filter(({ payment_intent }) => payment_intent === intent?.id)
  return yield* Effect.forEach(
    ours,
    ({ id }) => send(HttpClientRequest.post(`${simulator}/_simulator/refunds/${id}/${what}`))
  )
})

/** Runs while this fault stands, and says how often it struck. */
export const whileFaulty = <A, E, R>(fault: Fault, run: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    // Counted before it stands: what nobody here calls for may come at once.
    Effect.zipLeft(struck, misbehave("faults", fault)),
    (before) =>
      Effect.map(Effect.zip(run, struck), ([result, after]) => ({
        result,
        struck: (after[fault.fault] ?? 0) - (before[fault.fault] ?? 0)
      })),
    () => Effect.orDie(forget)
  )

const Webhooks = Schema.Struct({ delivered: Schema.Int, lost: Schema.Int, pending: Schema.Int, held: Schema.Int })

/** What became of the provider's events. */
export const webhooks = Effect.gen(function*() {
  const { simulator } = yield* System
  return yield* demand({ method: "GET", url: `${simulator}/_simulator/webhooks` }, Webhooks)
})

/** Runs while the provider's events are treated this way, and delivers as usual afterwards. */
export const whileWebhooks = <A, E, R>(conduct: { mode: string; delayMs?: number }, run: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    misbehave("webhooks", conduct),
    () => run,
    () => Effect.orDie(misbehave("webhooks", { mode: "deliver" }))
  )

/** The customer ends the 3-D Secure step at their bank. */
export const authenticate = Effect.fn("Provider.authenticate")(
  function*(order: { readonly id: string }, outcome: "succeeded" | "failed") {
    const [intent] = (yield* booksOf(order)).intents
    const { simulator } = yield* System
    // It may be over already, as when the order was cancelled meanwhile: then the bank says so.
    const request = HttpClientRequest.post(`${simulator}/_simulator/payment_intents/${intent?.id ?? ""}/authenticate`)
    return yield* send(HttpClientRequest.bodyUnsafeJson(request, { outcome }))
  }
)
