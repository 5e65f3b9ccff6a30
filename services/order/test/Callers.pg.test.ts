import { assert, layer } from "@effect/vitest"
import * as Health from "@quartet/hosting/Health"
import { ServerUrl } from "@quartet/hosting/HttpServer"
import * as Ops from "@quartet/hosting/Ops"
import { ConfigProvider, Duration, Effect, Layer } from "effect"
import { request } from "node:http"
import type { Crowd } from "./support/Crowd.ts"
import { crowd } from "./support/Crowd.ts"
import * as E from "./support/Edge.ts"

/** So many waits and streams may one customer have. */
const waits = 150
const streams = 150

/** Far fewer places than callers, and no limit by rate: neither is what keeps the others served. */
const settings = {
  ...E.secret,
  HTTP_MAX_IN_FLIGHT: "100",
  CUSTOMER_REQUESTS_PER_SECOND: "0",
  ADDRESS_REQUESTS_PER_SECOND: "0",
  CUSTOMER_WAITS: String(waits),
  CUSTOMER_STREAMS: String(streams),
  OPS_PORT: "0",
  // Streams and waits have no connections of their own here.
  HTTP_MAX_CONNECTIONS: "4000"
}

const shop = Layer.unwrapEffect(Effect.sync(() =>
  E.publicEdge().pipe(
    Layer.provideMerge(Ops.layer),
    Layer.provideMerge(Health.layer),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(settings)))))
  )
))

const attackers = 1000
const probes = 30

/** What a busy machine adds to the slowest of some requests. Milliseconds. */
const noise = 60

/** One request on a connection of its own; its status. */
const status = (url: string, token: string, method: string, path: string, body?: string) =>
  Effect.async<number, Error>((resume) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const call = request(`${url}${path}`, { method, agent: false, headers }, (response) => {
      response.resume().once("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
    })
    call.once("error", (error) => resume(Effect.fail(error))).end(body)
  })

/** Whoever asks whether the process is alive is answered in usual time; else it would be ended and started again. */
const isAlive = Effect.gen(function*() {
  const url = yield* Ops.OpsUrl
  const [took, found] = yield* Effect.timed(status(url, "none", "GET", "/health/live"))
  assert.strictEqual(found, 200)
  assert.isBelow(Duration.toMillis(took), 1000)
})

/** An honest customer places orders and reads; how long each took, in milliseconds, and what came of it. */
const honest = Effect.gen(function*() {
  const as = E.newCustomer()
  const [url, token] = yield* Effect.all([ServerUrl, E.tokenOf(as)])
  const asking = (index: number) =>
    index % 2 === 0
      ? status(url, token, "POST", "/orders", JSON.stringify(E.tea))
      : status(url, token, "GET", "/orders")
  const seen = yield* Effect.forEach(
    Array.from({ length: probes }, (_, index) => index),
    (index) => Effect.timed(asking(index))
  )
  const times = seen.map(([took]) => Duration.toMillis(took)).toSorted((one, other) => one - other)
  return { statuses: new Set(seen.map(([, found]) => found)), p99: times.at(Math.floor(times.length * 0.99)) ?? 0 }
})

/** Waits until so many of the crowd were answered. */
const answered = (attack: Crowd, count: number): Effect.Effect<void> =>
  attack.heads().length >= count
    ? Effect.void
    : Effect.delay(Effect.suspend(() => answered(attack, count)), "10 millis")

/** Measures the honest customer before, during and after the attack; `check` proves that the attack is still going on. */
const outlasts = Effect.fnUntraced(function*(text: string, check: (attack: Crowd) => Effect.Effect<void>) {
  const served = new Set([201, 200])
  const before = yield* honest
  const during = yield* Effect.scoped(Effect.gen(function*() {
    const attack = yield* crowd(attackers, text)
    yield* check(attack)
    const found = yield* Effect.zipLeft(honest, isAlive)
    yield* check(attack)
    return found
  }))
  const after = yield* honest
  assert.deepStrictEqual([before.statuses, during.statuses, after.statuses], [served, served, served])
  assert.isBelow(during.p99, 2 * Math.max(before.p99, after.p99) + noise)
})

const head = (method: string, path: string, fields: ReadonlyArray<string>) =>
  [`${method} ${path} HTTP/1.1`, "Host: a", ...fields].map((line) => `${line}\r\n`).join("") + "\r\n"

const having = (heads: ReadonlyArray<string>, start: RegExp, field = "") =>
  heads.filter((one) => start.test(one) && one.toLowerCase().includes(field)).length

/** Asks this about an order that stays as it is; the crowd is one customer. */
const asOne = (path: string, fields: ReadonlyArray<string> = []) =>
  Effect.gen(function*() {
    const as = E.newCustomer()
    const id = yield* E.ordered(as)
    return head("GET", `/orders/${id}${path}`, [`Authorization: Bearer ${yield* E.tokenOf(as)}`, ...fields])
  })

layer(shop, { excludeTestServices: true, timeout: 60_000 })(
  "an honest customer is served in usual time while",
  (it) => {
    it.effect("a thousand connections without a token send no body (H198)", () =>
      outlasts(
        head("POST", "/orders", ["Content-Type: application/json", "Content-Length: 100"]),
        (attack) => Effect.sync(() => assert.deepStrictEqual([attack.open(), attack.heads()], [attackers, []]))
      ))

    it.effect("a thousand requests of one customer wait: so many do, and the others are answered at once (H199)", () =>
      Effect.gen(function*() {
        const waiting = yield* asOne("", ["Prefer: wait=30"])
        yield* outlasts(waiting, (attack) =>
          Effect.gen(function*() {
            yield* answered(attack, attackers - waits)
            const heads = attack.heads()
            const atOnce = having(heads, /^HTTP\/1\.1 200 /, "preference-applied: wait=0")
            // On a slow machine some waits end and others begin before all have asked.
            const ended = having(heads, /^HTTP\/1\.1 200 /, "preference-applied: wait=30")
            // One customer may hold half of the places, and is refused more at a time.
            const refused = having(heads, /^HTTP\/1\.1 503 /)
            assert.strictEqual(atOnce + ended + refused, heads.length)
            assert.isAbove(atOnce, attackers / 2)
            // Those that were answered are idle, and closed after some seconds; those that wait are not.
            assert.strictEqual(attack.unanswered(), attackers - heads.length)
            assert.isAbove(attack.unanswered(), waits / 2)
          }))
      }))

    it.effect("a thousand streams of one customer are asked for: so many are open, the others are refused (H199)", () =>
      Effect.gen(function*() {
        yield* outlasts(yield* asOne("/events"), (attack) =>
          Effect.gen(function*() {
            yield* answered(attack, attackers)
            const heads = attack.heads()
            assert.deepStrictEqual([having(heads, /^HTTP\/1\.1 200 /), having(heads, /^HTTP\/1\.1 429 /)], [
              streams,
              attackers - streams
            ])
          }))
      }))
  }
)
