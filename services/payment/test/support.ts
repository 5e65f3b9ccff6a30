import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { catalog, subscriptions } from "@quartet/contracts/Catalog"
import { CustomerId, OrderId, PaymentId, PaymentMethodId, RefundId } from "@quartet/contracts/Ids"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Broker } from "@quartet/messaging/Broker"
import * as InProcessBroker from "@quartet/messaging/InProcessBroker"
import { EnvelopeJson, MessageId } from "@quartet/messaging/Message"
import * as Messaging from "@quartet/messaging/Messaging"
import * as Relay from "@quartet/messaging/Relay"
import * as Simulator from "@quartet/stripe-simulator/Simulator"
import {
  Cause,
  Config,
  ConfigProvider,
  Duration,
  Effect,
  Layer,
  Logger,
  LogLevel,
  Option,
  Queue,
  Redacted,
  Schedule,
  Schema
} from "effect"
import { readFileSync } from "node:fs"
import { v7 } from "uuid"
import * as Actor from "../src/Actor.ts"
import * as Breaker from "../src/Breaker.ts"
import * as Confirmation from "../src/Confirmation.ts"
import * as Command from "../src/domain/Command.ts"
import * as Errands from "../src/Errands.ts"
import * as Gateway from "../src/Gateway.ts"
import * as Http from "../src/Http.ts"
import * as Inbound from "../src/Inbound.ts"
import { migrations } from "../src/Migrations.ts"
import * as Passage from "../src/Passage.ts"
import * as ProviderAccount from "../src/ProviderAccount.ts"
import * as ProviderBooks from "../src/ProviderBooks.ts"
import * as Repository from "../src/Repository.ts"
import * as Throttle from "../src/Throttle.ts"
import * as Views from "../src/Views.ts"
import * as FarEnd from "./FarEnd.ts"

export const secret = "whsec_test_one"
export const nextSecret = "whsec_test_two"

/** The account that is ours here. */
export const account = "acct_ours"

/** Requests that were answered are no news here. */
const quiet = Logger.minimumLogLevel(LogLevel.Warning)

type Settings = Readonly<Record<string, string>>

/** Impatient, so that tests see what time does. */
const settingsWith = (more: Settings) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(
    new Map([
      ["PAYMENT_PORT", "0"],
      ["PAYMENT_FIRST_PAUSE", "20 millis"],
      ["PAYMENT_LONGEST_PAUSE", "100 millis"],
      ["PAYMENT_FAULT_PAUSE", "50 millis"],
      ["PAYMENT_BREAKER_PAUSE", "50 millis"],
      ["STRIPE_DEADLINE", "700 millis"],
      ["STRIPE_ACCOUNT", account],
      ["STRIPE_WEBHOOK_SECRET", `${secret},${nextSecret}`],
      ...Object.entries(more)
    ])
  ))

export const settings = settingsWith({})

/** The payment service on a database of its own, without its doors. */
const paymentsWith = (more: Settings) =>
  Actor.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Repository.layer, Views.layer, Messaging.layer)),
    Layer.provideMerge(PostgresTest.layer({ service: "payment", migrations })),
    Layer.provide(settingsWith(more))
  )

export const Payments = paymentsWith({})

/** The way to the provider, which the gateway tells of what became of each call. */
const accessWith = (more: Settings) =>
  Passage.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Breaker.layer, Throttle.layer)),
    Layer.provide([settingsWith(more), quiet])
  )

/** Asks the provider about events, wherever it will be. */
const confirmingWith = (more: Settings) =>
  Layer.unwrapEffect(Effect.map(FarEnd.FarEnd, ({ port }) => {
    const asking = settingsWith({ STRIPE_API_BASE: `http://127.0.0.1:${port}`, ...more })
    return Layer.merge(Confirmation.layer, ProviderAccount.layer).pipe(
      Layer.provide(ProviderBooks.layer),
      Layer.provide(asking)
    )
  }))

/** The provider's door, open to anybody who can sign. */
export const doorWith = (more: Settings) =>
  HttpServer.layer({
    name: "payment",
    port: Config.succeed(0),
    api: Http.api,
    maxBodyBytes: 256 * 1024
  }).pipe(
    Layer.provide(confirmingWith(more)),
    Layer.provideMerge(accessWith(more)),
    Layer.provideMerge(Layer.mergeAll(paymentsWith(more), FetchHttpClient.layer, FarEnd.layer)),
    Layer.provide([settingsWith(more), quiet])
  )

export const Door = doorWith({})

/** The provider, which tells the service of what happened. */
const Provider = Layer.unwrapEffect(
  Effect.map(HttpServer.ServerUrl, (url) =>
    Simulator.layer({
      port: 0,
      host: "127.0.0.1",
      apiKey: Option.none(),
      webhookUrl: Option.some(`${url}/webhooks/stripe`),
      webhookSecret: Redacted.make(secret),
      dataFolder: Option.none()
    }))
)

/** Whoever asks about an event asks it as well. */
const Connecting = Layer.effectDiscard(
  Effect.map(Effect.all([FarEnd.FarEnd, Simulator.Simulator]), ([farEnd, { port }]) => farEnd.connect(port))
)

/** The real SDK, talking to the provider of this test. */
const talkingWith = (more: Settings) =>
  Layer.unwrapEffect(
    Effect.map(Simulator.Simulator, ({ port }) =>
      Layer.provide(Gateway.layer, settingsWith({ STRIPE_API_BASE: `http://127.0.0.1:${port}`, ...more })))
  )

/** The service with its provider, before it hears any message. */
const connectedWith = (more: Settings) =>
  Errands.layer.pipe(
    Layer.provideMerge(talkingWith(more)),
    Layer.provideMerge(Connecting),
    Layer.provideMerge(Provider),
    Layer.provideMerge(doorWith(more))
  )

export const Connected = connectedWith({})

const others = "others"

/** What the service says reaches somebody who takes it. */
const Listener = Layer.scopedDiscard(Effect.gen(function*() {
  const deliveries = yield* Effect.flatMap(Broker, (broker) => broker.deliveries(others))
  yield* Queue.take(deliveries).pipe(
    Effect.flatMap((delivery) => delivery.settle({ _tag: "Acknowledge" })),
    Effect.forever,
    Effect.forkScoped
  )
}))

const ours = subscriptions.filter(({ service }) => service === "payment")
const heardByOthers = catalog.filter(({ definition }) => definition.speaker === "payment" && !definition.timer)
const topology = [...ours, { consumer: others, types: heardByOthers.map(({ definition }) => definition.type) }]

/** The whole service as a process runs it, with its provider and somebody who listens. */
export const serviceWith = (more: Settings) =>
  Layer.mergeAll(
    Inbound.layer,
    Relay.layer({ ...Relay.defaultOptions, poll: Duration.millis(20) }),
    Listener
  ).pipe(
    Layer.provideMerge(InProcessBroker.layer(topology)),
    Layer.provideMerge(connectedWith(more))
  )

export const Service = serviceWith({})

const sampleOrder = "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10"

/** A frozen sample as a new message about this order, once it is committed. */
export const publish = Effect.fnUntraced(
  function*(type: string, orderId: OrderId, change: (text: string) => string = (text) => text) {
    const broker = yield* Broker
    const text = readFileSync(new URL(`../../../packages/contracts/test/samples/${type}.json`, import.meta.url), "utf8")
    const id = MessageId.make(v7())
    const body = change(
      text.replaceAll(Schema.decodeSync(EnvelopeJson)(text).id, id).replaceAll(sampleOrder, orderId)
    )
    yield* broker.publish({ id, type, subject: orderId, body })
    return id
  }
)

/** The customer pressed the button. */
export const pressed = (orderId: OrderId, method = "pm_card_visa") =>
  publish("order.payment_requested.v1", orderId, (text) => text.replaceAll("pm_card_visa", method))

/** What the orders of a test ask for. */
export const freshOrder = (method = "pm_card_visa") => {
  const orderId = OrderId.make(v7())
  const amount = { amount: 7680, currency: "EUR" } satisfies Command.RequestPayment["amount"]
  return {
    orderId,
    amount,
    request: Command.RequestPayment.make({
      orderId,
      paymentId: PaymentId.make(v7()),
      attempt: 1,
      customerId: CustomerId.make("customer-4711"),
      paymentMethodId: PaymentMethodId.make(method),
      amount
    }),
    cancel: Command.CancelPayment.make({ orderId }),
    refund: Command.RequestRefund.make({ orderId, refundId: RefundId.make(v7()), amount, reason: "late_payment" })
  }
}

/** The payment's condition, once it is this one. */
export const awaitStatus = Effect.fnUntraced(function*(orderId: OrderId, ...statuses: ReadonlyArray<string>) {
  const views = yield* Views.PaymentViews
  return yield* Effect.repeat(views.payment(orderId), {
    until: (state) => statuses.includes(state._tag),
    schedule: Schedule.spaced("10 millis")
  }).pipe(
    Effect.zipRight(views.payment(orderId)),
    Effect.timeoutFailCause({
      duration: "20 seconds",
      onTimeout: () => Cause.die(`Order ${orderId} did not become ${statuses.join(" or ")}.`)
    })
  )
})

/** What was said about the order to others, in order. */
export const saidOf = (orderId: OrderId) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ type: string }>`
      SELECT type FROM outbox WHERE subject = ${orderId} AND type NOT LIKE '%_due.v1' ORDER BY seq`.pipe(
      Effect.map((rows) => rows.map(({ type }) => type))
    ))

const Intent = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  amount_received: Schema.Int,
  client_secret: Schema.String,
  metadata: Schema.Record({ key: Schema.String, value: Schema.String })
})
const Refund = Schema.Struct({
  id: Schema.String,
  amount: Schema.Int,
  status: Schema.String,
  payment_intent: Schema.String
})
const Ledger = Schema.Struct({ intents: Schema.Array(Intent), refunds: Schema.Array(Refund) })

/** A call under `/_simulator`, which makes the provider misbehave or shows its books. */
export const provider = Effect.fnUntraced(function*(method: "GET" | "POST" | "DELETE", path: string, body?: unknown) {
  const { port } = yield* Simulator.Simulator
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(
    HttpClientRequest.make(method)(`http://127.0.0.1:${port}/_simulator/${path}`, {
      body: body === undefined ? HttpBody.empty : HttpBody.unsafeJson(body)
    })
  )
  return yield* response.json
})

/** The provider's own record of an order. */
export const ledgerOf = Effect.fnUntraced(function*(orderId: OrderId) {
  const all = yield* Effect.flatMap(provider("GET", "ledger"), Schema.decodeUnknown(Ledger))
  const intents = all.intents.filter(({ metadata }) => metadata["orderId"] === orderId)
  const ids = intents.map(({ id }) => id)
  return { intents, refunds: all.refunds.filter((refund) => ids.includes(refund.payment_intent)) }
})

/** Somebody at our desk asks the provider for this, past the service. */
export const byHand = Effect.fnUntraced(function*(path: string, params: Readonly<Record<string, string>> = {}) {
  const { port } = yield* Simulator.Simulator
  const client = yield* HttpClient.HttpClient
  const asking = HttpClientRequest.post(`http://127.0.0.1:${port}/v1/${path}`).pipe(
    HttpClientRequest.bearerToken("sk_test_desk"),
    HttpClientRequest.bodyUrlParams(params)
  )
  return (yield* client.execute(asking)).status
})

/** The next calls of this kind fail in this way. */
export const inject = (fault: string, path = "/v1/payment_intents", more: object = {}) =>
  provider("POST", "faults", { match: { method: "POST", path }, fault, ...more })

const Faults = Schema.Struct({ byFault: Schema.Record({ key: Schema.String, value: Schema.Int }) })

/** How many calls this fault has struck. */
export const struck = (fault: string) =>
  Effect.flatMap(provider("GET", "faults"), Schema.decodeUnknown(Faults)).pipe(
    Effect.map(({ byFault }) => byFault[fault] ?? 0)
  )

/** Looks until it is as wished. */
export const until = <A, E, R>(look: Effect.Effect<A, E, R>, isFine: (seen: A) => boolean) =>
  Effect.repeat(look, { until: isFine, schedule: Schedule.spaced("20 millis") }).pipe(
    Effect.zipRight(look),
    Effect.timeout("20 seconds")
  )

export const toJson = Schema.encodeSync(Schema.parseJson(Schema.Unknown))

/** What a state holds under this name, if it holds it. */
export const held = (state: object, name: string): unknown => Reflect.get(state, name)
