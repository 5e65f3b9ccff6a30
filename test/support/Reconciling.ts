import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { ConfigProvider, Duration, Effect, Option, Schema } from "effect"
import type { Wish } from "quartet/Reconcile"
import { reconcile } from "quartet/Reconcile"
import { System } from "./Addresses.ts"
import { opsUrl } from "./Command.ts"
import { Quartet } from "./Quartet.ts"
import { until } from "./Shop.ts"
import { count, execute } from "./Tables.ts"

/** Reconciles as `quartet reconcile` does, in the test's own process. */
export const reconciled = Effect.fn("Reconciling.reconciled")(function*(more: Partial<Wish> = {}) {
  const { home } = yield* Quartet
  const wish: Wish = {
    urls: [yield* opsUrl],
    last: Option.none(),
    dryRun: false,
    settle: Duration.millis(300),
    wait: Duration.seconds(20),
    giveBack: [],
    ...more
  }
  return yield* Effect.withConfigProvider(reconcile(wish), ConfigProvider.fromMap(new Map(home.settings)))
})

type Reported = Effect.Effect.Success<ReturnType<typeof reconciled>>

/** What was told of one order, as outcomes by the last words of their ids. */
export const toldOf = ({ told }: Reported, { id }: { readonly id: string }) =>
  told.filter(({ orderId }) => orderId === id).map(({ id: name, outcome }) => `${name.split("/").at(-1)} ${outcome}`)

/** Reconciles twice: what was told of an order the first time, and whatever is told of it the second time. */
export const twice = Effect.fn("Reconciling.twice")(function*(order: { readonly id: string }) {
  const first = yield* reconciled()
  const second = yield* reconciled()
  return { first: toldOf(first, order), second: toldOf(second, order) }
})

const Answer = Schema.parseJson(Schema.Struct({ id: Schema.String }))

/** A call of the provider's API past every service, as somebody at its dashboard would make it; gives the object's id. */
export const atDesk = Effect.fn("Reconciling.atDesk")(function*(path: string, form: Readonly<Record<string, string>>) {
  const { simulator } = yield* System
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(
    HttpClientRequest.post(`${simulator}/v1/${path}`).pipe(
      HttpClientRequest.bearerToken("sk_test_desk"),
      HttpClientRequest.bodyUrlParams(form)
    )
  )
  return (yield* Schema.decode(Answer)(yield* response.text)).id
})

/** Somebody charges a card by hand, and names an order. */
export const chargeByHand = (orderId: string, amount = 2000) =>
  atDesk("payment_intents", {
    amount: String(amount),
    currency: "eur",
    payment_method: "pm_card_visa",
    "allowed_payment_method_types[0]": "card",
    confirm: "true",
    "metadata[orderId]": orderId
  })

const mute = (schema: string) =>
  execute(`UPDATE ${schema}.relay_lease SET holder = 'nobody', expires_at = now() + interval '1 hour'`)

const unmute = (schema: string) => execute(`UPDATE ${schema}.relay_lease SET expires_at = '-infinity'`)

/** Runs while nothing is relayed of what the service says. */
export const whileMute = <A, E, R>(schema: string, run: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(mute(schema), () => run, () => Effect.orDie(unmute(schema)))

/** What a service said of an order, of this type or any, was taken by a broker that then lost its disk. */
const lose = (schema: string, orderId: string) =>
  execute(`DELETE FROM ${schema}.outbox_unsent USING ${schema}.outbox
    WHERE outbox.seq = outbox_unsent.seq AND subject = '${orderId}' AND outbox_unsent.due_at IS NULL`)

/**
 * Runs while nothing is relayed of what a service says, and loses what it said of the order meanwhile: as many messages of this
 * type as were waiting then, which is one or more.
 */
export const losing = <E, R>(
  schema: string,
  type: string,
  { id }: { readonly id: string },
  run: Effect.Effect<unknown, E, R>
) => {
  const waiting = count(
    `${schema}.outbox JOIN ${schema}.outbox_unsent USING (seq) WHERE subject = $1 AND type = $2`,
    id,
    type
  )
  const lost = Effect.zipRight(until(waiting, (many) => many > 0), lose(schema, id))
  return whileMute(schema, Effect.zipRight(run, lost))
}

/** The payment service's database is what it was before it heard of this order. */
export const restorePayment = ({ id }: { readonly id: string }) =>
  execute(`
    DELETE FROM payment.refunds WHERE order_id = '${id}';
    DELETE FROM payment.payment_attempts WHERE order_id = '${id}';
    DELETE FROM payment.payment_transitions WHERE order_id = '${id}';
    DELETE FROM payment.payments WHERE order_id = '${id}';
    DELETE FROM payment.provider_events WHERE order_id = '${id}';
    DELETE FROM payment.outbox_unsent USING payment.outbox WHERE outbox.seq = outbox_unsent.seq AND subject = '${id}';
    DELETE FROM payment.outbox WHERE subject = '${id}';
    DELETE FROM payment.processed_messages WHERE subject = '${id}'`)
