import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import * as Auth from "@quartet/hosting/Auth"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as PublicEdge from "@quartet/hosting/PublicEdge"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { Config, ConfigProvider, Context, Effect, Layer, Logger, LogLevel, Redacted, Schema } from "effect"
import { v7 } from "uuid"
import { OrderActor } from "../../src/Actor.ts"
import type { OrderCommand } from "../../src/domain/Command.ts"
import { Order } from "../../src/domain/State.ts"
import * as EventStreams from "../../src/EventStreams.ts"
import * as Http from "../../src/Http.ts"
import * as OperatorHttp from "../../src/OperatorHttp.ts"
import * as PriceList from "../../src/PriceList.ts"
import { actors, database, heard } from "./Service.ts"

export const secret = TokenKeys.issuing

const settingsOf = (more: Readonly<Record<string, string>>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries({ ...secret, ...more }))))

const inside = () =>
  Layer.mergeAll(EventStreams.layer, PriceList.layer, Auth.layer, DevelopmentIssuer.layer).pipe(
    Layer.provideMerge(actors),
    Layer.provideMerge(database()),
    Layer.provideMerge(NodeHttpClient.layer)
  )

/** Where operators keep the price list. */
export class PricesUrl extends Context.Tag("@quartet/order/test/PricesUrl")<PricesUrl, string>() {}

const pricesPort = Layer.effect(PricesUrl, HttpServer.ServerUrl).pipe(
  Layer.provide(HttpServer.layer({ name: "prices", port: Config.succeed(0), api: OperatorHttp.api }))
)

/** The edge on a free port, with the actors behind it and nobody beside them. */
export const edge = (settings: Readonly<Record<string, string>> = {}) =>
  HttpServer.layer({ name: "order", port: Config.succeed(0), api: Http.api }).pipe(
    Layer.provideMerge(pricesPort),
    Layer.provideMerge(inside()),
    Layer.provide([settingsOf(settings), Logger.minimumLogLevel(LogLevel.Warning)])
  )

/** The same as strangers meet it, for whoever brings its settings. */
export const publicEdge = () =>
  HttpServer.layer({ name: "order", port: Config.succeed(0), api: Http.api, facing: PublicEdge.make }).pipe(
    Layer.provideMerge(pricesPort),
    Layer.provideMerge(inside()),
    Layer.provide(Logger.minimumLogLevel(LogLevel.Warning))
  )

/** What came back. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** How something is asked for; nobody's token unless `as` names somebody. */
export interface Asking {
  readonly as?: string
  readonly scopes?: ReadonlyArray<string>
  readonly key?: string
  readonly body?: unknown
  /** The body as it goes over the wire. */
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const tokenOf = Effect.fnUntraced(function*(subject: string, scopes: ReadonlyArray<string> = []) {
  const { sign } = yield* DevelopmentIssuer.DevelopmentIssuer
  return Redacted.value(yield* sign({ subject, scopes }))
})

const encode = Schema.encodeSync(Schema.parseJson())

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** Asks the public edge. */
export const call = (method: Method, path: string, asking: Asking = {}) =>
  Effect.flatMap(HttpServer.ServerUrl, (url) => send(method, `${url}${path}`, asking))

/** Sets a price, where operators do. */
export const put = (sku: string, body: unknown, asking: Asking = { as: "operator", scopes: ["operator"] }) =>
  Effect.flatMap(PricesUrl, (url) => send("PUT", `${url}/products/${sku}`, { ...asking, body }))

const send = Effect.fnUntraced(function*(method: Method, url: string, asking: Asking) {
  const token = asking.as === undefined ? undefined : yield* tokenOf(asking.as, asking.scopes)
  const raw = asking.raw ?? (asking.body === undefined ? undefined : encode(asking.body))
  const request = HttpClientRequest.make(method)(url, {
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(asking.key === undefined ? {} : { "idempotency-key": asking.key }),
      ...asking.headers
    },
    ...(raw === undefined ? {} : { body: HttpBody.text(raw, "application/json") })
  })
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(request)
  const reply: Reply = { status: response.status, headers: response.headers, text: yield* response.text }
  return reply
})

const Members = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
export const json = (reply: Reply) => Schema.decodeSync(Members)(reply.text)

const Shown = Schema.parseJson(Schema.Struct({ id: Schema.String, status: Schema.String, version: Schema.Int }))
export const shown = (reply: Reply) => Schema.decodeSync(Shown)(reply.text)

/** The last word of a problem's type, and the status. */
export const problem = (reply: Reply): string =>
  `${reply.status} ${String(json(reply)["type"]).replace("urn:quartet:problem:", "")}`

export const tea = { lines: [{ sku: "TEA", quantity: 2 }, { sku: "POT", quantity: 1 }] }
export const card = { paymentMethodId: "pm_card_visa" }

/** A customer of this test alone. */
export const newCustomer = () => `customer-${v7()}`

/** An order of the customer, taken through what others say about it. */
export const ordered = Effect.fnUntraced(function*(customer: string, ...news: ReadonlyArray<OrderCommand>) {
  const reply = yield* call("POST", "/orders", { as: customer, body: tea })
  const { id } = shown(reply)
  yield* tell(id, ...news)
  return id
})

const withId = Schema.decodeUnknownSync(Schema.Struct({ id: Order.members[0].fields.orderId }))

/** Others say this about the order. */
export const tell = Effect.fnUntraced(function*(id: string, ...news: ReadonlyArray<OrderCommand>) {
  const actor = yield* OrderActor
  const { id: orderId } = withId({ id })
  return yield* actor.submit(news.map((command) => heard({ ...command, orderId })))
})
