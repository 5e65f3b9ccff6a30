import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Headers from "@effect/platform/Headers"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { define } from "@quartet/contracts/Problem"
import type { Duration } from "effect"
import { Config, Context, Deferred, Effect, Exit, Layer, Ref, Schedule, Schema, Scope } from "effect"
import { Agent, request } from "node:http"
import { connect } from "node:net"
import { Correlation } from "../src/Correlation.ts"
import * as HttpServer from "../src/HttpServer.ts"
import * as Problem from "../src/Problem.ts"

const Line = Schema.Struct({ sku: Schema.NonEmptyString, quantity: Schema.Int.pipe(Schema.between(1, 99)) })
const Order = Schema.Struct({ lines: Schema.NonEmptyArray(Line) }).annotations({
  parseOptions: { onExcessProperty: "error" }
})

const TooExpensive = define({
  name: "too-expensive",
  status: 422,
  title: "Too expensive",
  means: "The card allows less.",
  advice: "Buy less."
})

/** Lets a test hold a handler where it wants it. */
class Gate extends Context.Tag("test/Gate")<Gate, {
  readonly entered: Deferred.Deferred<void>
  readonly open: Deferred.Deferred<void>
  readonly finished: Deferred.Deferred<void>
}>() {}

const gate = Layer.effect(
  Gate,
  Effect.all({ entered: Deferred.make<void>(), open: Deferred.make<void>(), finished: Deferred.make<void>() })
)

const Shop = HttpApi.make("shop").add(
  HttpApiGroup.make("orders")
    .add(HttpApiEndpoint.post("place", "/orders").setPayload(Order).addSuccess(Schema.String))
    .add(
      HttpApiEndpoint.get("look", "/orders/:id").setPath(Schema.Struct({ id: Schema.String })).addSuccess(Schema.String)
    )
    .add(HttpApiEndpoint.post("pay", "/orders/:id/pay").addSuccess(Schema.String).addError(TooExpensive.schema))
    .add(HttpApiEndpoint.post("wait", "/wait").addSuccess(Schema.String))
    .add(HttpApiEndpoint.get("bug", "/bug").addSuccess(Schema.String))
)

const handlers = HttpApiBuilder.group(Shop, "orders", (group) =>
  Effect.gen(function*() {
    const { entered, finished, open } = yield* Gate
    return group
      .handle("place", ({ payload }) => Effect.succeed(`${payload.lines.length} lines`))
      .handle("look", () => Correlation)
      .handle("pay", () => Problem.fail(TooExpensive, "That is more than the card allows."))
      .handle("wait", () =>
        Deferred.succeed(entered, undefined).pipe(
          Effect.zipRight(Deferred.await(open)),
          Effect.zipRight(Deferred.succeed(finished, undefined)),
          Effect.as("done")
        ))
      .handle("bug", () => Effect.die(new Error("secret sauce in SELECT * FROM cards")))
  }))

const api = HttpApiBuilder.api(Shop).pipe(Layer.provide(handlers))

const server = (drain: Duration.DurationInput = "10 seconds") =>
  HttpServer.layer({ name: "shop", port: Config.succeed(0), api, drain }).pipe(Layer.provideMerge(gate))

interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
  readonly json: unknown
}

const Json = Schema.parseJson(Schema.Unknown)

/** One connection for each request, so that no idle one stays. */
const client = NodeHttpClient.layerWithoutAgent.pipe(
  Layer.provide(NodeHttpClient.makeAgentLayer({ keepAlive: false }))
)

const send = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.gen(function*() {
    const response = yield* HttpClient.execute(request)
    const text = yield* response.text
    const isJson = response.headers["content-type"]?.includes("json") ?? false
    const json = isJson ? yield* Schema.decode(Json)(text) : undefined
    return { status: response.status, headers: response.headers, text, json } satisfies Answer
  }).pipe(Effect.provide(client))

const ask = (path: string, options: HttpClientRequest.Options.NoUrl & { readonly method?: "DELETE" | "POST" } = {}) =>
  Effect.flatMap(
    HttpServer.ServerUrl,
    (url) => send(HttpClientRequest.make(options.method ?? "GET")(url + path, options))
  )

const post = (path: string, body: string | Uint8Array, type = "application/json") =>
  ask(path, {
    method: "POST",
    body: typeof body === "string" ? HttpBody.text(body, type) : HttpBody.uint8Array(body, type)
  })

const problem = (answer: Answer, status: number, name: string) => {
  assert.strictEqual(answer.status, status, answer.text)
  assert.strictEqual(answer.headers["content-type"], "application/problem+json")
  assert.deepInclude(answer.json, { status, type: `urn:quartet:problem:${name}` })
  assert.deepInclude(answer.json, { correlationId: answer.headers["x-correlation-id"] })
}

const it2 = <E>(name: string, test: Effect.Effect<void, E, HttpServer.ServerUrl | Gate>) =>
  it.live(name, () => Effect.provide(test, server()))

describe("the HTTP edge", () => {
  it2(
    "answers, with security headers and a correlation id of its own",
    Effect.gen(function*() {
      const answer = yield* post("/orders", `{"lines":[{"sku":"a","quantity":1}]}`)
      assert.strictEqual(answer.json, "1 lines")
      assert.strictEqual(answer.headers["x-content-type-options"], "nosniff")
      assert.match(answer.headers["x-correlation-id"] ?? "", /^[0-9a-f-]{36}$/)
    })
  )

  it2(
    "hands the caller's correlation id to handlers and back (H213), unless it is harmful (H202)",
    Effect.gen(function*() {
      const kept = yield* ask("/orders/1", { headers: { "x-correlation-id": "order-4711:a" } })
      assert.strictEqual(kept.json, "order-4711:a")
      assert.strictEqual(kept.headers["x-correlation-id"], "order-4711:a")
      const replaced = yield* ask("/orders/1", { headers: { "x-correlation-id": "level=FATAL message=\"forged\"" } })
      assert.match(replaced.headers["x-correlation-id"] ?? "", /^[0-9a-f-]{36}$/)
    })
  )

  it2(
    "names the field and the rule, and repeats neither the schema nor the value",
    Effect.gen(function*() {
      const answer = yield* post("/orders", `{"lines":[{"sku":"a","quantity":4242424242424242}]}`)
      problem(answer, 400, "invalid-request")
      assert.deepInclude(answer.json, { detail: "\"lines[0].quantity\" must be a number between 1 and 99." })
      assert.deepInclude(answer.json, {
        errors: [{ pointer: "/lines/0/quantity", detail: "\"lines[0].quantity\" must be a number between 1 and 99." }]
      })
      assert.notInclude(answer.text, "4242")
      problem(yield* post("/orders", `{"lines":[{"sku":"a","quantity":1}],"price":1}`), 400, "invalid-request")
      const missing = yield* post("/orders", `{}`)
      assert.deepInclude(missing.json, { detail: "\"lines\" is required." })
      const wrong = yield* post("/orders", `{"lines":{"readonly":"x"}}`)
      problem(wrong, 400, "invalid-request")
      assert.deepInclude(wrong.json, { detail: "\"lines\" must be a list." })
    })
  )

  it2(
    "refuses what cannot be read or kept with 400, never with 500 (H189)",
    Effect.gen(function*() {
      const bodies = [
        "{",
        "[".repeat(30_000),
        "{\"a\":".repeat(5000),
        `{"lines":[{"sku":"\\u0000","quantity":1}]}`,
        `{"lines":[{"sku":"\\ud800","quantity":1}]}`,
        `{"__proto__":{"lines":[]}}`,
        new Uint8Array([0x22, 0xff, 0x22])
      ]
      for (const body of bodies) problem(yield* post("/orders", body), 400, "malformed-body")
      for (const path of ["/orders/%", "/orders/%00", "/orders/%ff", "/%2e%2e/x", "/orders/" + "a".repeat(5000)]) {
        assert.isBelow((yield* ask(path)).status, 500, path)
      }
    })
  )

  it2(
    "answers 413 itself, whether the length was announced or not, and goes on (H198)",
    Effect.gen(function*() {
      problem(yield* post("/orders", "x".repeat(65_537)), 413, "content-too-large")
      problem(yield* post("/orders", "x".repeat(4_000_000)), 413, "content-too-large")
      const url = yield* HttpServer.ServerUrl
      const status = yield* Effect.async<number | undefined>((resume) => {
        const upload = request(`${url}/orders`, { method: "POST", headers: { "content-type": "application/json" } })
        upload.on("response", (response) => resume(Effect.succeed(response.statusCode)))
        for (let piece = 0; piece < 20; piece++) upload.write("x".repeat(10_000))
        upload.end()
      })
      assert.strictEqual(status, 413)
      assert.strictEqual((yield* ask("/orders/1")).status, 200)
    })
  )

  it2(
    "tells an unknown path from a wrong method and a wrong media type",
    Effect.gen(function*() {
      problem(yield* ask("/nothing"), 404, "not-found")
      problem(yield* ask("/orders/%ff"), 404, "not-found")
      problem(yield* ask(`/orders/${"a".repeat(500)}`), 404, "not-found")
      const wrong = yield* ask("/orders/1/pay", { method: "DELETE" })
      problem(wrong, 405, "method-not-allowed")
      assert.strictEqual(wrong.headers["allow"], "POST")
      problem(yield* post("/orders", "lines=1", "application/x-www-form-urlencoded"), 415, "unsupported-media-type")
    })
  )

  it2(
    "says nothing about a bug but its correlation id (H197)",
    Effect.gen(function*() {
      const answer = yield* ask("/bug")
      problem(answer, 500, "internal-error")
      assert.notMatch(answer.text, /secret|SELECT|Error:|at /)
    })
  )

  it2(
    "sends the problems that the API declares as problem documents",
    Effect.gen(function*() {
      const answer = yield* ask("/orders/1/pay", { method: "POST" })
      problem(answer, 422, "too-expensive")
      assert.deepInclude(answer.json, { title: "Too expensive", detail: "That is more than the card allows." })
    })
  )

  it2(
    "describes itself without any other host",
    Effect.gen(function*() {
      const description = yield* ask("/openapi.json")
      assert.deepInclude(description.json, { openapi: "3.1.0" })
      assert.include(description.text, "application/problem+json")
      const page = yield* ask("/docs")
      assert.include(page.text, "</html>")
      assert.strictEqual(page.status, 200)
      assert.notMatch(page.text, /<(script|link)[^>]+(src|href)="https?:/)
    })
  )

  it2(
    "finishes work whose caller hung up (H10)",
    Effect.gen(function*() {
      const { entered, finished, open } = yield* Gate
      const url = yield* HttpServer.ServerUrl
      const call = request(`${url}/wait`, { method: "POST" })
      call.on("error", () => {})
      call.end()
      yield* Deferred.await(entered)
      const gone = yield* Deferred.make<void>()
      call.once("close", () => Deferred.unsafeDone(gone, Effect.void))
      call.destroy()
      yield* Deferred.await(gone)
      assert.strictEqual((yield* ask("/orders/1")).status, 200)
      yield* Deferred.succeed(open, undefined)
      yield* Deferred.await(finished)
    })
  )

  it2(
    "answers what is no HTTP with a problem too",
    Effect.gen(function*() {
      const url = new URL(yield* HttpServer.ServerUrl)
      const said = yield* Effect.async<string>((resume) => {
        let text = ""
        const socket = connect(Number(url.port), url.hostname, () => socket.write("NONSENSE\r\n\r\n"))
        socket.on("data", (chunk) => {
          text += chunk.toString()
        }).on("close", () => resume(Effect.succeed(text)))
      })
      assert.match(said, /^HTTP\/1.1 400 Bad Request\r\nContent-Type: application\/problem\+json/)
    })
  )

  it.live("takes no new requests but finishes those in flight when it stops, idle connections or not (H164)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(server(), scope)
      const url = Context.get(context, HttpServer.ServerUrl)
      const { entered, open } = Context.get(context, Gate)
      const agent = new Agent({ keepAlive: true })
      const answered = yield* Ref.make(0)
      const call = (path: string, method: string) =>
        Effect.async<number | undefined>((resume) => {
          request(url + path, { method, agent }, (response) => {
            response.resume().once("end", () => resume(Effect.succeed(response.statusCode)))
          }).on("error", () => resume(Effect.succeed(undefined))).end()
        }).pipe(Effect.tap(Ref.update(answered, (n) => n + 1)))
      assert.strictEqual(yield* call("/orders/1", "GET"), 200)
      const waiting = yield* Effect.fork(call("/wait", "POST"))
      yield* Deferred.await(entered)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      const refused = send(HttpClientRequest.get(url)).pipe(Effect.isFailure)
      // Callers without a pause keep the door open: it is shut after a turn that brought nobody.
      yield* Effect.repeat(refused, { until: (isRefused) => isRefused, schedule: Schedule.spaced("20 millis") })
      assert.strictEqual(yield* Ref.get(answered), 1)
      yield* Deferred.succeed(open, undefined)
      assert.strictEqual(yield* waiting, 200)
      yield* closing
      agent.destroy()
    }))

  it.live("answers on a kept connection after it was told to stop, and says that it ends (H164)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const url = Context.get(yield* Layer.buildWithScope(server(), scope), HttpServer.ServerUrl)
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const call = Effect.async<{ readonly status?: number | undefined; readonly connection?: string | undefined }>(
        (resume) => {
          request(`${url}/orders/1`, { agent }, (response) => {
            const { headers: { connection }, statusCode: status } = response
            response.resume().once("end", () => resume(Effect.succeed({ status, connection })))
          }).on("error", () => resume(Effect.succeed({}))).end()
        }
      )
      assert.deepStrictEqual(yield* call, { status: 200, connection: "keep-alive" })
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      const last = yield* Effect.repeat(call, { until: ({ connection }) => connection !== "keep-alive" })
      assert.deepStrictEqual(last, { status: 200, connection: "close" })
      yield* closing
      agent.destroy()
    }))

  it.live("does not wait for ever for a request that hangs (H164)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(server("100 millis"), scope)
      const call = request(`${Context.get(context, HttpServer.ServerUrl)}/wait`, { method: "POST" })
      const cut = yield* Deferred.make<void>()
      call.on("error", () => Deferred.unsafeDone(cut, Effect.void)).end()
      yield* Deferred.await(Context.get(context, Gate).entered)
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.await(cut)
    }))

  it.live("keeps the routes of two APIs in one process apart", () =>
    Effect.gen(function*() {
      const Other = HttpApi.make("other").add(
        HttpApiGroup.make("g").add(HttpApiEndpoint.get("only", "/only").addSuccess(Schema.String))
      )
      const only = HttpApiBuilder.group(Other, "g", (group) => group.handle("only", () => Effect.succeed("here")))
      const other = HttpServer.layer({
        name: "other",
        port: Config.succeed(0),
        api: HttpApiBuilder.api(Other).pipe(Layer.provide(only))
      })
      class First extends Context.Tag("First")<First, string>() {}
      class Second extends Context.Tag("Second")<Second, string>() {}
      const both = Layer.merge(
        Layer.provide(Layer.effect(First, HttpServer.ServerUrl), server()),
        Layer.provide(Layer.effect(Second, HttpServer.ServerUrl), other)
      )
      yield* Effect.gen(function*() {
        const first = yield* First
        const second = yield* Second
        const status = (url: string) => Effect.map(send(HttpClientRequest.get(url)), (answer) => answer.status)
        assert.strictEqual(yield* status(`${second}/only`), 200)
        assert.strictEqual(yield* status(`${first}/only`), 404)
        assert.strictEqual(yield* status(`${second}/orders/1`), 404)
      }).pipe(Effect.provide(both))
    }))
})
