import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type { Redacted } from "effect"
import { Duration, Effect, identity, Option, Schema, Stream } from "effect"
import type { OrderId } from "./Ids.ts"
import { OrderApi } from "./OrderApi.ts"
import type { OrderView } from "./OrderView.ts"
import { OrderChange } from "./OrderView.ts"
import { Problem } from "./Problem.ts"

/** Where the order service is, and whom the caller speaks for: nobody without a token, who may read the price list. */
export interface Options {
  readonly url: string
  readonly token?: Redacted.Redacted<string>
}

/**
 * The order service's API, one function for each endpoint: a refusal is a failure with the problem document that the API
 * declares, and `withResponse` shows the headers as well. Changes of an order come as a stream.
 */
export const make = Effect.fnUntraced(function*({ token, url }: Options) {
  const named = token === undefined ? identity : HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
  const http = named(yield* HttpClient.HttpClient)
  const { orders: { events: _, ...orders }, products } = yield* HttpApiClient.makeWith(OrderApi, {
    httpClient: http,
    baseUrl: url
  })
  return { orders: { ...orders, changes: changes(http, url) }, products }
})

/** Holds the answer until the order settles, or for so long; whole seconds, 30 at most. */
export const waiting = (atMost: Duration.DurationInput) => ({ prefer: `wait=${Math.ceil(Duration.toSeconds(atMost))}` })

/** Makes a request one that is done once, however often it is sent. */
export const keyed = (key: string) => ({ "idempotency-key": key })

/** Asks for an order only if it is not this version any more; the answer is nothing while it still is. */
export const unless = ({ version }: Pick<OrderView, "version">) => ({ "if-none-match": `"${version}"` })

/** Whether an answer is the one that an earlier request with the same key was given. */
export const isReplay = ({ headers }: HttpClientResponse.HttpClientResponse): boolean =>
  headers["idempotent-replayed"] === "true"

/** Tells the service's refusals, each of them a problem document, from whatever kept an answer from coming. */
export const isProblem = <E>(error: E): error is Extract<E, Refusal> => isRefusal(error)

/** What every refusal of the service says at least. */
const Refusal = Schema.Struct({ type: Schema.String, status: Schema.Int, detail: Schema.String })
type Refusal = typeof Refusal.Type
const isRefusal = Schema.is(Refusal)

const decodeChange = Schema.decode(Schema.parseJson(OrderChange))
const problemIn = HttpClientResponse.schemaBodyJson(Problem)

/**
 * What happened to an order after the version, and what does: until it is over, or the service ends the stream; then go on
 * after the last version that was told.
 */
const changes = (http: HttpClient.HttpClient, url: string) => (id: OrderId, after = 0) =>
  http.get(`${url}/orders/${id}/events`, { headers: { "last-event-id": `${after}` } }).pipe(
    Effect.flatMap((response) =>
      response.status < 400 ? Effect.succeed(response) : Effect.flatMap(problemIn(response), Effect.fail)
    ),
    HttpClientResponse.stream,
    Stream.decodeText(),
    Stream.splitLines,
    Stream.filterMap(dataOf),
    Stream.mapEffect(decodeChange)
  )

/** The service writes the data of an event into one line. */
const dataOf = (line: string): Option.Option<string> =>
  Option.map(Option.liftPredicate(line, (text) => text.startsWith("data: ")), (text) => text.slice("data: ".length))
