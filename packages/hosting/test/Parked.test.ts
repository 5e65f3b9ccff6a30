import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, DateTime, Duration, Effect, Layer, Option, Redacted, Ref, Schema } from "effect"
import * as Auth from "../src/Auth.ts"
import * as DevelopmentIssuer from "../src/DevelopmentIssuer.ts"
import * as Health from "../src/Health.ts"
import * as Ops from "../src/Ops.ts"
import type { Desk, ParkedMessage } from "../src/ParkedMessages.ts"
import * as ParkedMessages from "../src/ParkedMessages.ts"
import * as TokenKeys from "../src/testing/TokenKeys.ts"

const message = (id: string): ParkedMessage => ({
  id,
  consumer: "order-summaries",
  messageId: `message-${id}`,
  type: "order.placed.v1",
  subject: "an-order",
  envelope: "{\"secret\":\"of the envelope\"}",
  reason: `TypeError: nothing ${id}\n    at somewhere (deep.js:1:2)`,
  attempts: 5,
  parkedAt: DateTime.unsafeMake("2026-01-01T00:00:00Z")
})

/** A desk in memory; replays stay, as they do until the consumer has done them. */
const makeDesk = (ids: ReadonlyArray<string>, waiting = ids.length) =>
  Effect.map(Ref.make({ waiting: ids.map(message), discarded: [""], replayed: [""] }), (state) => {
    const known = (id: string) => Effect.map(Ref.get(state), (now) => now.waiting.find((one) => one.id === id))
    const desk: Desk = {
      list: Effect.map(Ref.get(state), (now) => now.waiting),
      count: Effect.succeed(waiting),
      find: (id) => Effect.map(known(id), Option.fromNullable),
      replay: (id) =>
        Ref.modify(state, (now) => {
          const chosen = now.waiting.filter((one) => Option.getOrElse(id, () => one.id) === one.id)
          return [chosen.length, { ...now, replayed: [...now.replayed, ...chosen.map((one) => one.id)] }]
        }),
      discard: (id, because) =>
        Ref.modify(state, (now) => {
          const left = now.waiting.filter((one) => one.id !== id)
          const done = now.waiting.length - left.length
          return [done, { ...now, waiting: left, discarded: done === 1 ? [...now.discarded, because] : now.discarded }]
        }),
      sayAgain: (last) => Effect.succeed(Duration.toMinutes(last)),
      sayAgainAbout: (subjects) => Effect.succeed(subjects.length)
    }
    return { desk, state }
  })

const settings = new Map(Object.entries({ OPS_PORT: "0", ...TokenKeys.issuing }))

const ops = Ops.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Health.layer, ParkedMessages.layer, Auth.layer, DevelopmentIssuer.layer)),
  Layer.provideMerge(FetchHttpClient.layer),
  Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(settings)))
)

const Json = Schema.parseJson(Schema.Unknown)

const ask = Effect.fnUntraced(function*(
  method: "GET" | "POST",
  path: string,
  { body, scopes = ["operator"] }: { readonly body?: unknown; readonly scopes?: ReadonlyArray<string> | null } = {}
) {
  const url = yield* Ops.OpsUrl
  const issuer = yield* DevelopmentIssuer.DevelopmentIssuer
  const token = scopes === null ? "none" : Redacted.value(yield* issuer.sign({ subject: "somebody", scopes }))
  const request = HttpClientRequest.make(method)(url + path).pipe(
    HttpClientRequest.setHeaders({ connection: "close" }),
    HttpClientRequest.bearerToken(token),
    body === undefined ? (same) => same : HttpClientRequest.bodyUnsafeJson(body)
  )
  const response = yield* HttpClient.execute(request)
  const text = yield* response.text
  return { status: response.status, json: yield* Schema.decode(Json)(text), text }
})

const registered = (ids: ReadonlyArray<string>, waiting?: number) =>
  Effect.tap(makeDesk(ids, waiting), ({ desk }) => ParkedMessages.registerIfKept("order", desk))

describe("parked messages on the operators' port", { timeout: 20_000 }, () => {
  it.live("are for operators alone, and there is no way in without a good token (H203)", () =>
    Effect.gen(function*() {
      yield* registered(["1"])
      const ways = [
        ["GET", "/parked"],
        ["GET", "/parked/order/1"],
        ["POST", "/parked/replay"],
        ["POST", "/said/again"],
        ["POST", "/parked/order/1/replay"],
        ["POST", "/parked/order/1/discard"]
      ] satisfies ReadonlyArray<["GET" | "POST", string]>
      for (const [method, path] of ways) {
        const stranger = yield* ask(method, path, { scopes: null })
        const customer = yield* ask(method, path, { scopes: [] })
        assert.deepStrictEqual([stranger.status, customer.status], [401, 403], path)
        assert.notInclude(stranger.text + customer.text, "TypeError")
      }
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("are said again as far back as is asked, and not without being told how far (H130)", () =>
    Effect.gen(function*() {
      yield* registered([])
      assert.deepInclude(yield* ask("POST", "/said/again", { body: { lastSeconds: 3600 } }), {
        status: 202,
        json: { messages: 60 }
      })
      assert.deepInclude(yield* ask("POST", "/said/again", { body: { subjects: ["an-order", "another"] } }), {
        status: 202,
        json: { messages: 2 }
      })
      const vague = [undefined, {}, { lastSeconds: 0 }, { lastSeconds: "1h" }, { lastSeconds: 60, more: 1 }]
      for (const body of [...vague, { subjects: [] }, { subjects: [""] }, { subjects: ["a"], lastSeconds: 60 }]) {
        assert.strictEqual((yield* ask("POST", "/said/again", { body })).status, 400)
      }
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("are listed by the first line of their reason, and say how many more there are; one shows everything", () =>
    Effect.gen(function*() {
      yield* registered(["1", "2"], 700)
      const list = yield* ask("GET", "/parked")
      assert.strictEqual(list.status, 200)
      assert.notInclude(list.text, "deep.js")
      assert.notInclude(list.text, "secret")
      assert.deepInclude(list.json, { services: ["order"], waiting: 700 })
      assert.include(list.text, "\"reason\":\"TypeError: nothing 2\"")
      assert.deepInclude((yield* ask("GET", "/parked?service=payment")).json, { services: [], waiting: 0, items: [] })
      const shown = yield* ask("GET", "/parked/order/2")
      assert.include(shown.text, "deep.js:1:2")
      assert.include(shown.text, "of the envelope")
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("are replayed one or all, as often as one likes (H135)", () =>
    Effect.gen(function*() {
      const { state } = yield* registered(["1", "2"])
      for (let time = 0; time < 2; time++) {
        const one = yield* ask("POST", "/parked/order/2/replay")
        assert.deepStrictEqual([one.status, one.json], [202, { replays: 1 }])
      }
      assert.deepStrictEqual((yield* ask("POST", "/parked/replay")).json, { replays: 2 })
      assert.deepStrictEqual((yield* ask("POST", "/parked/replay?service=payment")).json, { replays: 0 })
      assert.deepStrictEqual((yield* Ref.get(state)).replayed, ["", "2", "2", "1", "2"])
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("are given up only for a reason that is told, and once", () =>
    Effect.gen(function*() {
      const { state } = yield* registered(["1"])
      for (const body of [{}, { because: "  " }, { because: "x", more: 1 }, { because: "x".repeat(1001) }]) {
        const refused = yield* ask("POST", "/parked/order/1/discard", { body })
        assert.strictEqual(refused.status, 400)
        assert.include(refused.text, "urn:quartet:problem:invalid-request")
      }
      const done = yield* ask("POST", "/parked/order/1/discard", { body: { because: "sent by mistake" } })
      assert.deepStrictEqual([done.status, done.json], [200, { discarded: 1 }])
      assert.deepStrictEqual((yield* Ref.get(state)).discarded, ["", "sent by mistake"])
      const again = yield* ask("POST", "/parked/order/1/discard", { body: { because: "again" } })
      assert.strictEqual(again.status, 404)
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("that are not there are a problem document, whoever is asked for them", () =>
    Effect.gen(function*() {
      yield* registered(["1"])
      for (const path of ["/parked/order/9", "/parked/nobody/1"]) {
        const answer = yield* ask("GET", path)
        assert.strictEqual(answer.status, 404)
        assert.include(answer.text, "urn:quartet:problem:not-parked")
      }
      assert.strictEqual((yield* ask("POST", "/parked/order/9/replay")).status, 404)
    }).pipe(Effect.scoped, Effect.provide(ops)))
})
