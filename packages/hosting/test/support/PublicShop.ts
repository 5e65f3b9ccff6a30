import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import { Authorization } from "@quartet/contracts/Authorization"
import {
  Clock,
  Config,
  ConfigProvider,
  Context,
  Deferred,
  Effect,
  Layer,
  Logger,
  LogLevel,
  Redacted,
  Schema
} from "effect"
import type { IncomingHttpHeaders } from "node:http"
import { request } from "node:http"
import * as Auth from "../../src/Auth.ts"
import * as DevelopmentIssuer from "../../src/DevelopmentIssuer.ts"
import * as HttpServer from "../../src/HttpServer.ts"
import * as PublicEdge from "../../src/PublicEdge.ts"
import * as TokenKeys from "../../src/testing/TokenKeys.ts"

/** Lets a test hold requests where it wants them, and counts what came through to a handler. */
export class Gate extends Context.Tag("test/Gate")<Gate, {
  readonly entered: Deferred.Deferred<void>
  readonly open: Deferred.Deferred<void>
  readonly handled: { count: number }
}>() {}

/** The server's clock, which stands still until a test lets time pass. Waiting takes its real time. */
export class Time
  extends Context.Tag("test/Time")<Time, { readonly pass: (milliseconds: number) => Effect.Effect<void> }>()
{}

const time = Layer.unwrapEffect(Effect.map(Effect.clockWith(Effect.succeed), (real) => {
  let now = real.unsafeCurrentTimeMillis()
  const standing: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    sleep: real.sleep
  }
  const pass = (milliseconds: number) =>
    Effect.sync(() => {
      now += milliseconds
    })
  return Layer.merge(Layer.setClock(standing), Layer.succeed(Time, { pass }))
}))

const Shop = HttpApi.make("shop").add(
  HttpApiGroup.make("orders")
    .add(HttpApiEndpoint.get("look", "/orders").addSuccess(Schema.String).middleware(Authorization))
    .add(
      HttpApiEndpoint.post("place", "/orders").setPayload(Schema.String).addSuccess(Schema.String).middleware(
        Authorization
      )
    )
    .add(HttpApiEndpoint.get("products", "/products").addSuccess(Schema.String))
    .add(HttpApiEndpoint.post("wait", "/wait").addSuccess(Schema.String))
)

const handlers = HttpApiBuilder.group(Shop, "orders", (group) =>
  Effect.gen(function*() {
    const { entered, handled, open } = yield* Gate
    const seen = (text: string) =>
      Effect.sync(() => {
        handled.count += 1
        return text
      })
    return group
      .handle("look", () => seen("orders"))
      .handle("place", () => seen("placed"))
      .handle("products", () => seen("products"))
      .handle("wait", () =>
        Effect.zipRight(Deferred.succeed(entered, undefined), Deferred.await(open)).pipe(Effect.as("done")))
  }))

const gate = Layer.effect(
  Gate,
  Effect.all({
    entered: Deferred.make<void>(),
    open: Deferred.make<void>(),
    handled: Effect.sync(() => ({ count: 0 }))
  })
)

/** A server for strangers under these settings, on a real port. */
export const shop = (settings: Readonly<Record<string, string>> = {}) =>
  HttpServer.layer({
    name: "shop",
    port: Config.succeed(0),
    api: HttpApiBuilder.api(Shop).pipe(Layer.provide(handlers), Layer.provide(Auth.authorization)),
    facing: PublicEdge.make
  }).pipe(
    Layer.provideMerge(Layer.mergeAll(Auth.layer, DevelopmentIssuer.layer, gate)),
    Layer.provideMerge(time),
    Layer.provide(Logger.minimumLogLevel(LogLevel.Warning)),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(
      new Map(Object.entries({ ...TokenKeys.issuing, ...settings }))
    )))
  )

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Asking {
  readonly method?: string
  /** Whose token is sent; nobody's when absent. */
  readonly as?: string
  readonly scopes?: ReadonlyArray<string>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One request on a connection of its own. */
export const call = Effect.fnUntraced(function*(path: string, asking: Asking = {}) {
  const url = yield* HttpServer.ServerUrl
  const { sign } = yield* DevelopmentIssuer.DevelopmentIssuer
  const { as: subject, body, headers, method = "GET", scopes = [] } = asking
  const token = subject === undefined ? undefined : Redacted.value(yield* sign({ subject, scopes }))
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return yield* Effect.async<Answer, Error>((resume) => {
    const sent = request(
      url + path,
      { method, agent: false, headers: { ...authorization, ...headers } },
      (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk
        }).once(
          "end",
          () => resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, text }))
        )
      }
    )
    sent.once("error", (error) => resume(Effect.fail(error))).end(body)
  })
})

/** The status, and the last word of a problem's type. */
export const problemOf = ({ headers, status, text }: Answer): string =>
  headers["content-type"] === "application/problem+json"
    ? `${status} ${/"urn:quartet:problem:([a-z-]+)"/.exec(text)?.[1] ?? ""}`
    : `${status}`
