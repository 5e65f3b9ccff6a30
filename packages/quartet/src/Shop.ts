import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type { Redacted } from "effect"
import { Effect, Schema } from "effect"

/** A request that was answered, but not as wanted. */
export class Unexpected extends Schema.TaggedError<Unexpected>()("Unexpected", {
  method: Schema.String,
  url: Schema.String,
  status: Schema.Int,
  body: Schema.String
}) {
  override get message() {
    return `${this.method} ${this.url} was answered with ${this.status}: ${this.body}`
  }
}

export interface Ask {
  readonly method: "GET" | "POST" | "PUT"
  readonly url: string
  readonly token?: Redacted.Redacted<string>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Sends one request, as a customer's or an operator's software would. */
export const ask = (
  { body, headers, method, token, url }: Ask
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError, HttpClient.HttpClient> =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    HttpClientRequest.make(method)(url).pipe(
      HttpClientRequest.setHeaders(headers ?? {}),
      token === undefined ? (request) => request : HttpClientRequest.bearerToken(token),
      body === undefined ? (request) => request : HttpClientRequest.bodyUnsafeJson(body),
      client.execute
    ))

/** The same, where anything but a success is a failure. */
export const demand = Effect.fn("Shop.demand")(function*<A, I>(request: Ask, answer: Schema.Schema<A, I>) {
  const response = yield* ask(request)
  const text = yield* response.text
  if (response.status < 200 || response.status > 299) {
    const { method, url } = request
    return yield* Effect.fail(new Unexpected({ method, url, status: response.status, body: text }))
  }
  return yield* Schema.decode(Schema.parseJson(answer))(text)
})
