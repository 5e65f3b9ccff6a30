import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Layer, Option, Redacted, Ref } from "effect"
import * as Auth from "../src/Auth.ts"
import * as DevelopmentIssuer from "../src/DevelopmentIssuer.ts"
import * as Health from "../src/Health.ts"
import * as Ops from "../src/Ops.ts"
import * as ParkedMessages from "../src/ParkedMessages.ts"
import type { Mismatch } from "../src/Reconciling.ts"
import * as TokenKeys from "../src/testing/TokenKeys.ts"

const drift: Mismatch = { id: "stock/tea", orderId: null, says: "it drifted", remedy: "repair", does: "it is set" }
const riddle: Mismatch = { id: "stock/cup", orderId: null, says: "nobody knows", remedy: "person", does: "count" }

/** A desk that compares; it notes how far back, and repairs what is named once. */
const makeDesk = Effect.map(
  Ref.make<{ readonly open: ReadonlyArray<Mismatch>; readonly backs: ReadonlyArray<number> }>({
    open: [drift, riddle],
    backs: []
  }),
  (state) => {
    const note = (last: Option.Option<Duration.Duration>) =>
      Ref.update(state, (now) => ({
        ...now,
        backs: [...now.backs, Option.match(last, { onNone: () => 0, onSome: Duration.toSeconds })]
      }))
    const look = Effect.map(Ref.get(state), ({ open }) => ({ mismatches: open, unread: null }))
    const desk: ParkedMessages.Desk = {
      list: Effect.succeed([]),
      count: Effect.succeed(0),
      find: () => Effect.succeedNone,
      replay: () => Effect.succeed(0),
      discard: () => Effect.succeed(0),
      sayAgain: () => Effect.succeed(0),
      sayAgainAbout: () => Effect.succeed(0),
      reconcile: {
        look: (last) => Effect.zipRight(note(last), look),
        repair: (ids, last) =>
          Effect.gen(function*() {
            yield* note(last)
            const { open } = yield* Ref.get(state)
            const done = open.filter(({ id, remedy }) => ids.has(id) && remedy === "repair")
            yield* Ref.update(state, (now) => ({ ...now, open: open.filter((one) => !done.includes(one)) }))
            return { repaired: done.map(({ id }) => id), ...yield* look }
          })
      }
    }
    return { desk, state }
  }
)

const settings = new Map(Object.entries({ OPS_PORT: "0", ...TokenKeys.issuing }))

const ops = Ops.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Health.layer, ParkedMessages.layer, Auth.layer, DevelopmentIssuer.layer)),
  Layer.provideMerge(FetchHttpClient.layer),
  Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(settings)))
)

const ask = Effect.fnUntraced(function*(
  method: "GET" | "POST",
  path: string,
  { body, scopes = ["operator"] }: { readonly body?: unknown; readonly scopes?: ReadonlyArray<string> } = {}
) {
  const url = yield* Ops.OpsUrl
  const { sign } = yield* DevelopmentIssuer.DevelopmentIssuer
  const response = yield* HttpClient.execute(
    HttpClientRequest.make(method)(url + path).pipe(
      HttpClientRequest.setHeaders({ connection: "close" }),
      HttpClientRequest.bearerToken(Redacted.value(yield* sign({ subject: "somebody", scopes }))),
      body === undefined ? (same) => same : HttpClientRequest.bodyUnsafeJson(body)
    )
  )
  return { status: response.status, json: yield* response.json }
})

const registered = Effect.tap(makeDesk, ({ desk }) => ParkedMessages.registerIfKept("inventory", desk))

describe("mismatches on the operators' port", { timeout: 20_000 }, () => {
  it.live("are for operators alone (H203)", () =>
    Effect.gen(function*() {
      const { state } = yield* registered
      assert.strictEqual((yield* ask("GET", "/mismatches", { scopes: [] })).status, 403)
      const wish = { body: { ids: [drift.id] }, scopes: ["customer"] }
      assert.strictEqual((yield* ask("POST", "/mismatches/repair", wish)).status, 403)
      assert.lengthOf((yield* Ref.get(state)).open, 2)
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("are told as far back as is asked, and put right by their names, once (H207)", () =>
    Effect.gen(function*() {
      const { state } = yield* registered
      const look = { service: "inventory", mismatches: [drift, riddle], unread: null }
      assert.deepStrictEqual((yield* ask("GET", "/mismatches")).json, { looks: [look] })
      assert.deepStrictEqual((yield* ask("GET", "/mismatches?lastSeconds=60")).json, { looks: [look] })
      assert.deepStrictEqual((yield* ask("GET", "/mismatches?service=payment")).json, { looks: [] })
      const body = { ids: [drift.id, riddle.id], lastSeconds: 90 }
      const left = { service: "inventory", mismatches: [riddle], unread: null }
      const made = yield* ask("POST", "/mismatches/repair", { body })
      assert.deepStrictEqual(made.json, { repairs: [{ ...left, repaired: [drift.id] }] })
      const again = yield* ask("POST", "/mismatches/repair", { body })
      assert.deepStrictEqual(again.json, { repairs: [{ ...left, repaired: [] }] })
      assert.deepStrictEqual((yield* Ref.get(state)).backs, [0, 60, 90, 90])
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("are not put right by a request that names none, or names a time that is none", () =>
    Effect.gen(function*() {
      const { state } = yield* registered
      for (
        const body of [undefined, {}, { ids: [] }, { ids: "all" }, { ids: ["a"], lastSeconds: 0 }, { ids: ["a"], x: 1 }]
      ) {
        assert.strictEqual((yield* ask("POST", "/mismatches/repair", { body })).status, 400)
      }
      for (const seconds of ["0", "soon", "1.5", ""]) {
        assert.strictEqual((yield* ask("GET", `/mismatches?lastSeconds=${seconds}`)).status, 400)
      }
      assert.deepStrictEqual((yield* Ref.get(state)).backs, [])
    }).pipe(Effect.scoped, Effect.provide(ops)))
})
