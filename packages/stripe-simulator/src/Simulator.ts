import { NodeHttpClient } from "@effect/platform-node"
import { Context, Effect, Layer, type Option, type Redacted } from "effect"
import * as Chaos from "./Chaos.ts"
import * as Control from "./Control.ts"
import { apiVersion } from "./Event.ts"
import type * as Exchange from "./Exchange.ts"
import * as Faults from "./Faults.ts"
import type { JournalUnavailable } from "./Journal.ts"
import * as Ledger from "./Ledger.ts"
import * as Provider from "./Provider.ts"
import type { Reply } from "./Reply.ts"
import { render, statusOf } from "./Reply.ts"
import * as Server from "./Server.ts"
import * as Tally from "./Tally.ts"
import * as Webhooks from "./Webhooks.ts"
import type { WireError } from "./WireError.ts"

export interface Options {
  /** 0 takes any free port. */
  readonly port: number
  readonly host: string
  /** Without one, any `sk_test_…` is accepted. */
  readonly apiKey: Option.Option<Redacted.Redacted>
  /** Where events are posted; without one, there are none. */
  readonly webhookUrl: Option.Option<string>
  /** The whole `whsec_…`. */
  readonly webhookSecret: Redacted.Redacted
  /** Where the ledger is kept; without one it is gone with the process. One process at a time. */
  readonly dataFolder: Option.Option<string>
}

/** A payment provider that speaks Stripe's wire rules, for runs without the internet. */
export class Simulator extends Context.Tag("@quartet/stripe-simulator/Simulator")<Simulator, {
  readonly port: number
}>() {}

/** Serves until its scope closes. */
export const layer = (
  options: Options
): Layer.Layer<Simulator, Server.ServerUnavailable | JournalUnavailable> =>
  Layer.scoped(
    Simulator,
    Effect.gen(function*() {
      const provider = yield* Provider.Provider
      const control = yield* Control.make
      const port = yield* Server.listen(options, (incoming) =>
        incoming.path.startsWith("/_simulator/")
          ? Effect.map(
            control(incoming.method, incoming.path, incoming.body),
            ({ body, status }) => ({ _tag: "Answer", status, headers: json, body })
          )
          : Effect.map(provider.handle(requestOf(incoming)), (response) => outgoing(incoming, response)))
      return Simulator.of({ port })
    })
  ).pipe(
    Layer.provide(Provider.layer(options.apiKey)),
    Layer.provide([Webhooks.layer(options), Faults.layer, Tally.layer]),
    Layer.provide(Chaos.layer),
    Layer.provide(Ledger.layer(options.dataFolder)),
    Layer.provide(NodeHttpClient.layerUndici)
  )

const json = { "Content-Type": "application/json" }

const requestOf = ({ body, header, method, path, query }: Server.Incoming): Exchange.Request => ({
  method,
  path,
  query,
  body,
  authorization: header("authorization"),
  idempotencyKey: header("idempotency-key") || undefined,
  version: header("stripe-version") ?? apiVersion
})

const outgoing = (incoming: Server.Incoming, response: Exchange.Response): Server.Outgoing => {
  switch (response._tag) {
    case "Reset":
      return response
    case "Garbled":
      return {
        _tag: "Answer",
        status: 502,
        headers: { "Content-Type": "text/html" },
        body: "<html><body><h1>502 Bad Gateway</h1></body></html>"
      }
    case "Answered":
      return {
        _tag: "Answer",
        status: statusOf(response.reply),
        headers: headersOf(incoming, response),
        body: render(response.reply)
      }
  }
}

const headersOf = (incoming: Server.Incoming, response: Exchange.Answered): Readonly<Record<string, string>> => {
  const { key, reply } = response
  const status = statusOf(reply)
  if (status === 401) {
    return { ...json, "WWW-Authenticate": `Bearer realm="Stripe"` }
  }
  return {
    ...json,
    "Request-Id": response.requestId,
    "Stripe-Version": incoming.header("stripe-version") ?? apiVersion,
    ...(key === null ? {} : { "Idempotency-Key": key, "Original-Request": response.originalRequest }),
    ...(response.replayed ? { "Idempotent-Replayed": "true" } : {}),
    ...(key === null || reply._tag === "Page" || reply._tag === "Account" ? {} : shouldRetry(reply))
  }
}

/** Whether it is any use to send the same again: not once it was executed; certainly when only a lock stood in the way. */
const shouldRetry = (reply: Reply): Readonly<Record<string, string>> =>
  reply._tag === "Shown" || reply.executed
    ? { "Stripe-Should-Retry": "false" }
    : waitsForLock(reply)

const waitsForLock = (error: WireError): Readonly<Record<string, string>> =>
  error.code === "lock_timeout" ? { "Stripe-Should-Retry": "true" } : {}
