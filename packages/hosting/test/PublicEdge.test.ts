import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { request } from "node:http"
import { connect } from "node:net"
import { ServerUrl } from "../src/HttpServer.ts"
import { sentenceOf } from "../src/Launch.ts"
import type { Asking } from "./support/PublicShop.ts"
import { call, Gate, problemOf, shop, Time } from "./support/PublicShop.ts"

const times = (count: number, path: string, asking: Asking = {}) => Effect.replicateEffect(call(path, asking), count)
const some = { CUSTOMER_REQUESTS_PER_SECOND: "1", CUSTOMER_REQUESTS_BURST: "3" }
const few = { ...some, ADDRESS_REQUESTS_PER_SECOND: "1", ADDRESS_REQUESTS_BURST: "2" }

describe("a customer who sends too many requests", () => {
  it.live("is refused with 429 before anything is done, and told when to come back; others are not (H199)", () =>
    Effect.gen(function*() {
      const { handled } = yield* Gate
      const answers = yield* times(3, "/orders", { as: "mallory" })
      assert.deepStrictEqual(answers.map(problemOf), ["200", "200", "200"])
      assert.deepStrictEqual(answers.map(({ headers }) => headers["ratelimit-remaining"]), ["2", "1", "0"])
      const refused = yield* call("/orders", { as: "mallory", method: "POST", body: "[1, 2" })
      assert.strictEqual(problemOf(refused), "429 too-many-requests")
      assert.deepInclude(refused.headers, {
        "retry-after": "1",
        "ratelimit-limit": "3",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "1"
      })
      assert.include(refused.text, String(refused.headers["x-correlation-id"]))
      assert.strictEqual(handled.count, 3)
      assert.strictEqual(problemOf(yield* call("/orders", { as: "ada" })), "200")
      assert.strictEqual(problemOf(yield* call("/products")), "200")
    }).pipe(Effect.provide(shop(some))))

  it.live("is told on every answer what is left, refusals included", () =>
    Effect.gen(function*() {
      const answers = yield* Effect.all([
        call("/orders", { as: "ada", method: "POST", body: "{" }),
        call("/nowhere", { as: "ada" }),
        call("/orders", { as: "ada", method: "DELETE" })
      ])
      assert.deepStrictEqual(
        answers.map((answer) => `${problemOf(answer)} ${answer.headers["ratelimit-remaining"]}`),
        ["400 malformed-body 2", "404 not-found 1", "405 method-not-allowed 0"]
      )
    }).pipe(Effect.provide(shop(some))))

  it.live("is let in again when the time of Retry-After is over, and not before", () =>
    Effect.gen(function*() {
      yield* times(3, "/orders", { as: "ada" })
      const ask = call("/orders", { as: "ada" })
      assert.strictEqual((yield* ask).status, 429)
      const { pass } = yield* Time
      yield* pass(999)
      assert.strictEqual((yield* ask).status, 429)
      yield* pass(1)
      assert.strictEqual((yield* ask).status, 200)
    }).pipe(Effect.provide(shop(some))))

  it.live("is never an operator, and nobody where the limit is 0", () =>
    Effect.gen(function*() {
      const asOperator = yield* times(9, "/orders", { as: "oscar", scopes: ["operator"] })
      assert.deepStrictEqual(new Set(asOperator.map(({ status }) => status)), new Set([200]))
      assert.isUndefined(asOperator[0]?.headers["ratelimit-limit"])
      const unlimited = yield* Effect.provide(
        times(9, "/orders", { as: "ada" }),
        Layer.fresh(shop({ ...few, CUSTOMER_REQUESTS_PER_SECOND: "0" }))
      )
      assert.deepStrictEqual(new Set(unlimited.map(({ status }) => status)), new Set([200]))
    }).pipe(Effect.provide(shop(few))))
})

describe("callers whom nobody knows", () => {
  it.live("share what their address may send, tokens that are no good included (H193, H199)", () =>
    Effect.gen(function*() {
      const forged = { authorization: "Bearer forged" }
      assert.strictEqual((yield* call("/products")).headers["ratelimit-remaining"], "1")
      assert.strictEqual(problemOf(yield* call("/orders", { headers: forged })), "401 unauthorized")
      assert.strictEqual(problemOf(yield* call("/orders", { headers: forged })), "429 too-many-requests")
      assert.strictEqual(problemOf(yield* call("/products")), "429 too-many-requests")
      assert.strictEqual((yield* call("/orders", { as: "ada" })).status, 200)
    }).pipe(Effect.provide(shop(few))))
})

describe("more requests than are handled at a time", () => {
  it.live("are answered 503 at once, and taken again afterwards, though a caller hung up meanwhile (H199)", () =>
    Effect.gen(function*() {
      const { entered, open } = yield* Gate
      const url = yield* ServerUrl
      const gone = yield* Deferred.make<void>()
      const leaving = request(`${url}/wait`, { method: "POST" })
      leaving.on("error", () => {}).once("close", () => Deferred.unsafeDone(gone, Effect.void)).end()
      yield* Deferred.await(entered)
      leaving.destroy()
      yield* Deferred.await(gone)
      const refused = yield* call("/products")
      assert.strictEqual(problemOf(refused), "503 unavailable")
      assert.strictEqual(refused.headers["retry-after"], "1")
      yield* Deferred.succeed(open, undefined)
      yield* Effect.repeat(call("/products"), { until: ({ status }) => status === 200, times: 500 })
      assert.strictEqual((yield* call("/products")).status, 200)
    }).pipe(Effect.provide(shop({ HTTP_MAX_IN_FLIGHT: "1", ADDRESS_REQUESTS_PER_SECOND: "0" }))))
})

/** What comes back on a connection on which this is written, until it ends. */
const raw = (text: string) =>
  Effect.flatMap(ServerUrl, (address) =>
    Effect.async<string>((resume) => {
      const url = new URL(address)
      let said = ""
      const socket = connect(Number(url.port), url.hostname, () => socket.write(text))
      socket.on("data", (chunk) => {
        said += chunk.toString()
      }).on("error", () => {}).on("close", () => resume(Effect.succeed(said)))
      return Effect.sync(() => socket.destroy())
    }))

describe("slow and large callers", () => {
  const settings = { HTTP_HEADER_TIMEOUT: "50 millis", HTTP_REQUEST_TIMEOUT: "100 millis", HTTP_MAX_BODY_BYTES: "1024" }

  it.live("are cut off by the settings' time-outs, head or body (H198)", () =>
    Effect.gen(function*() {
      const head = yield* raw("GET /products HTTP/1.1\r\nHost: a\r\n").pipe(Effect.timeout("3 seconds"))
      assert.match(head, /^HTTP\/1.1 408 /)
      const body = yield* raw("POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{").pipe(
        Effect.timeout("3 seconds")
      )
      assert.match(body, /^HTTP\/1.1 408 /)
    }).pipe(Effect.provide(shop(settings))))

  it.live("are refused beyond the settings' body size (H198)", () =>
    Effect.gen(function*() {
      const body = (bytes: number) => JSON.stringify("x".repeat(bytes - 2))
      const sizes = yield* Effect.forEach([1024, 1025], (size) =>
        call("/orders", { as: "ada", method: "POST", body: body(size) }))
      assert.deepStrictEqual(sizes.map(problemOf), ["200", "413 content-too-large"])
    }).pipe(Effect.provide(shop(settings))))

  const unused: ReadonlyArray<readonly [string, string]> = [
    ["is idle", ""],
    ["sends a part of a head", "GET /products HTTP/1.1\r\nHost: a\r\n"],
    ["sends no body", "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"]
  ]
  it.live.each(unused)(
    "who %s gives its connection up to the next one where there are no more (H198)",
    ([, text]) =>
      Effect.gen(function*() {
        const holding = yield* Effect.fork(raw(text))
        const answer = yield* Effect.retry(call("/products"), { times: 100 })
        assert.strictEqual(answer.status, 200)
        yield* Effect.timeout(
          Effect.repeat(call("/products"), { until: () => holding.unsafePoll() !== null }),
          "5 seconds"
        )
        assert.strictEqual(yield* Fiber.join(holding), "")
      }).pipe(Effect.provide(shop({ HTTP_MAX_CONNECTIONS: "1", ADDRESS_REQUESTS_PER_SECOND: "0" })))
  )

  it.live("take no connection from a request that is worked on (H198)", () =>
    Effect.gen(function*() {
      const { entered, open } = yield* Gate
      const working = yield* Effect.fork(call("/wait", { method: "POST" }))
      yield* Deferred.await(entered)
      assert.strictEqual(yield* raw("GET /products HTTP/1.1\r\nHost: a\r\n\r\n"), "")
      yield* Deferred.succeed(open, undefined)
      assert.strictEqual((yield* Fiber.join(working)).status, 200)
    }).pipe(Effect.provide(shop({ HTTP_MAX_CONNECTIONS: "1" }))))

  it.live("take no place from those whose request is complete, though they send no body (H198, H199)", () =>
    Effect.gen(function*() {
      const stalled = raw("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
      yield* Effect.fork(Effect.all(Array.from({ length: 20 }, () => stalled), { concurrency: "unbounded" }))
      assert.deepStrictEqual((yield* times(5, "/orders", { as: "ada" })).map(problemOf), [
        "200",
        "200",
        "200",
        "200",
        "200"
      ])
    }).pipe(Effect.provide(shop({ HTTP_MAX_IN_FLIGHT: "1" }))))
})

describe("a page of another origin", () => {
  const settings = { CORS_ORIGINS: "https://shop.example, http://localhost:5173", ...few }
  const origin = "http://localhost:5173"
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" }
  const corsOf = (headers: object) => Object.keys(headers).filter((name) => name.startsWith("access-control-"))

  it.live("may ask beforehand, without a token and as often as it likes, what it may send", () =>
    Effect.gen(function*() {
      const asking = { method: "OPTIONS", headers: { origin, ...preflight } }
      const [first, ...others] = yield* times(5, "/orders", asking)
      assert.deepInclude(first?.headers, {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST, HEAD",
        "access-control-allow-headers":
          "authorization, content-type, idempotency-key, prefer, if-none-match, last-event-id",
        "access-control-max-age": "600",
        vary: "Origin"
      })
      assert.notInclude(corsOf(first?.headers ?? {}), "access-control-allow-credentials")
      assert.deepStrictEqual(new Set([first, ...others].map((answer) => answer?.status)), new Set([204]))
    }).pipe(Effect.provide(shop(settings))))

  it.live("may read answers, refusals and the fields it needs, if its origin is set", () =>
    Effect.gen(function*() {
      for (const asking of [{ as: "ada" }, { headers: {} }]) {
        const { headers } = yield* call("/orders", { ...asking, headers: { origin } })
        assert.deepInclude(headers, { "access-control-allow-origin": origin, vary: "Origin" })
        assert.deepStrictEqual(headers["access-control-expose-headers"]?.split(", "), [
          "etag",
          "location",
          "link",
          "retry-after",
          "ratelimit-limit",
          "ratelimit-remaining",
          "ratelimit-reset",
          "idempotent-replayed",
          "preference-applied",
          "x-correlation-id"
        ])
      }
    }).pipe(Effect.provide(shop(settings))))

  it.live("gets no field of that kind from any other origin, nor does anybody by default", () =>
    Effect.gen(function*() {
      for (
        const foreign of ["https://evil.example", "null", "https://shop.example.evil.example", "https://SHOP.example"]
      ) {
        const asked = yield* call("/orders", {
          method: "OPTIONS",
          headers: { origin: foreign, ...preflight },
          as: foreign
        })
        assert.deepStrictEqual([asked.status, corsOf(asked.headers), asked.headers["vary"]], [405, [], "Origin"])
        const read = yield* call("/orders", { as: foreign, headers: { origin: foreign } })
        assert.deepStrictEqual([read.status, corsOf(read.headers), read.headers["vary"]], [200, [], "Origin"])
      }
      const none = yield* Effect.provide(
        call("/orders", { as: "ada", headers: { origin, ...preflight } }),
        Layer.fresh(shop())
      )
      assert.deepStrictEqual([corsOf(none.headers), none.headers["vary"]], [[], undefined])
    }).pipe(Effect.provide(shop(settings))))
})

describe("a wrong setting of the edge", () => {
  const wrong: ReadonlyArray<readonly [Readonly<Record<string, string>>, string]> = [
    [{ CUSTOMER_REQUESTS_PER_SECOND: "-1" }, "CUSTOMER_REQUESTS_PER_SECOND"],
    [{ CUSTOMER_REQUESTS_BURST: "0" }, "CUSTOMER_REQUESTS_BURST"],
    [{ ADDRESS_REQUESTS_PER_SECOND: "many" }, "ADDRESS_REQUESTS_PER_SECOND"],
    [{ ADDRESS_REQUESTS_BURST: "1.5" }, "ADDRESS_REQUESTS_BURST"],
    [{ HTTP_HEADER_TIMEOUT: "0 seconds" }, "HTTP_HEADER_TIMEOUT"],
    [{ HTTP_HEADER_TIMEOUT: "31 seconds" }, "HTTP_HEADER_TIMEOUT"],
    [{ HTTP_REQUEST_TIMEOUT: "2 hours" }, "HTTP_REQUEST_TIMEOUT"],
    [{ HTTP_MAX_CONNECTIONS: "0" }, "HTTP_MAX_CONNECTIONS"],
    [{ HTTP_MAX_BODY_BYTES: "10" }, "HTTP_MAX_BODY_BYTES"],
    [{ HTTP_MAX_IN_FLIGHT: "0" }, "HTTP_MAX_IN_FLIGHT"],
    [{ HTTP_MAX_BODIES_BYTES: "1024" }, "HTTP_MAX_BODIES_BYTES"],
    [{ ADDRESS_CONNECTIONS: "-1" }, "ADDRESS_CONNECTIONS"],
    [{ CORS_ORIGINS: "*" }, "CORS_ORIGINS"],
    [{ CORS_ORIGINS: "https://shop.example/" }, "CORS_ORIGINS"]
  ]

  it.live.each(wrong)("%o is named and keeps it from starting (H173)", ([settings, name]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(shop(settings))))
      assert.match(sentenceOf(error), new RegExp(`^The setting ${name} is not valid\\. Expected .+\\.$`))
    }))
})
