import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import type { Sku } from "@quartet/contracts/Ids"
import * as Auth from "@quartet/hosting/Auth"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { Config, ConfigProvider, Effect, Layer, Redacted, Schema } from "effect"
import { InventoryActor } from "../src/Actor.ts"
import * as Http from "../src/Http.ts"
import * as Views from "../src/Views.ts"
import * as S from "./support.ts"

const settings = Layer.setConfigProvider(
  ConfigProvider.fromMap(new Map(Object.entries(TokenKeys.issuing)))
)

const Served = HttpServer.layer({ name: "inventory", port: Config.succeed(0), api: Http.api }).pipe(
  Layer.provideMerge(Layer.mergeAll(Auth.layer, DevelopmentIssuer.layer).pipe(Layer.provide(settings))),
  Layer.provideMerge(Views.layer),
  Layer.provideMerge(S.Inventory),
  Layer.provideMerge(
    NodeHttpClient.layerWithoutAgent.pipe(Layer.provide(NodeHttpClient.makeAgentLayer({ keepAlive: false })))
  )
)

const Problem = Schema.Struct({ type: Schema.String, status: Schema.Int })
const Items = Schema.Struct({
  items: Schema.Array(Schema.Struct({ sku: Schema.String }, { key: Schema.String, value: Schema.Unknown })),
  nextCursor: Schema.optional(Schema.String)
})

interface Asked {
  readonly as?: "operator" | "customer" | "nobody"
  readonly key?: string
  readonly body?: unknown
}

const ask = Effect.fnUntraced(function*(method: "GET" | "POST", path: string, asked: Asked = {}) {
  const url = yield* HttpServer.ServerUrl
  const { sign } = yield* DevelopmentIssuer.DevelopmentIssuer
  const { as = "operator", body, key } = asked
  const token = yield* sign({ subject: `${as}-1`, scopes: as === "operator" ? ["operator"] : [] })
  const response = yield* HttpClientRequest.make(method)(`${url}${path}`).pipe(
    HttpClientRequest.setHeaders({
      ...(as === "nobody" ? {} : { authorization: `Bearer ${Redacted.value(token)}` }),
      ...(key === undefined ? {} : { "idempotency-key": key })
    }),
    body === undefined ? (request) => request : HttpClientRequest.setBody(HttpBody.unsafeJson(body)),
    HttpClient.execute
  )
  return { status: response.status, headers: response.headers, text: yield* response.text }
}, Effect.scoped)

const receive = (sku: Sku, quantity: unknown, asked: Asked = {}) =>
  ask("POST", `/stock/${sku}/receipts`, { body: { quantity }, ...asked })

const json = <A, I>(schema: Schema.Schema<A, I>, { text }: { readonly text: string }) =>
  Schema.decodeSync(Schema.parseJson(schema))(text)

const levelOf = Effect.fnUntraced(function*(sku: Sku) {
  return json(Views.StockView, yield* ask("GET", `/stock/${sku}`))
})

layer(Served, { excludeTestServices: true, timeout: 120_000 })("an operator of the inventory", (it) => {
  it.effect("puts goods on the shelf, a new SKU too, and is told the level", () =>
    Effect.gen(function*() {
      const sku = S.freshSku()
      const first = yield* receive(sku, 5)
      assert.strictEqual(first.status, 201)
      assert.deepStrictEqual(json(Views.StockView, first), { sku, onHand: 5, reserved: 0, available: 5 })
      const actor = yield* InventoryActor
      yield* actor.submit([S.heard(S.reserve(S.freshOrder(), [sku, 2]))])
      assert.deepStrictEqual(json(Views.StockView, yield* receive(sku, 1_000_000)), {
        sku,
        onHand: 1_000_005,
        reserved: 2,
        available: 1_000_003
      })
      assert.deepStrictEqual(yield* levelOf(sku), { sku, onHand: 1_000_005, reserved: 2, available: 1_000_003 })
    }))

  it.effect("is told 404 for a SKU that never arrived", () =>
    Effect.gen(function*() {
      for (const path of [`/stock/${S.freshSku()}`, `/stock/${S.freshSku()}/movements`]) {
        const response = yield* ask("GET", path)
        assert.deepStrictEqual(json(Problem, response), { type: "urn:quartet:problem:stock-not-found", status: 404 })
      }
    }))

  it.effect("cannot receive nothing, fractions, text, or more than a receipt may carry (H182)", () =>
    Effect.gen(function*() {
      const sku = S.freshSku()
      for (const quantity of [0, -1, 1.5, 1_000_001, 1e21, "5", null, undefined]) {
        assert.strictEqual((yield* receive(sku, quantity)).status, 400, `quantity ${String(quantity)}`)
      }
      const extra = yield* ask("POST", `/stock/${sku}/receipts`, { body: { quantity: 1, onHand: 9 } })
      assert.strictEqual(extra.status, 400)
      assert.strictEqual((yield* ask("POST", "/stock/a%20b/receipts", { body: { quantity: 1 } })).status, 400)
      assert.strictEqual((yield* ask("GET", `/stock/${sku}`)).status, 404)
    }))

  it.effect("is told when a count would no longer be exact, and nothing is received (H163)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const sku = S.freshSku()
      yield* receive(sku, 1)
      yield* sql`UPDATE stock SET received = 9007199254740990 WHERE sku = ${sku}`
      const refused = yield* receive(sku, 2, { key: `full-${sku}` })
      assert.deepStrictEqual(json(Problem, refused), { type: "urn:quartet:problem:receipt-too-large", status: 422 })
      assert.strictEqual((yield* receive(sku, 1, { key: `full-${sku}` })).status, 201) // a refusal burns no key (H13)
      assert.strictEqual((yield* levelOf(sku)).onHand, 2)
    }))

  it.effect("is the only one who may look or change anything (H193, H203)", () =>
    Effect.gen(function*() {
      const sku = S.freshSku()
      yield* receive(sku, 1)
      for (const path of ["/stock", `/stock/${sku}`, `/stock/${sku}/movements`]) {
        assert.strictEqual((yield* ask("GET", path, { as: "nobody" })).status, 401)
        assert.strictEqual((yield* ask("GET", path, { as: "customer" })).status, 403)
      }
      assert.strictEqual((yield* receive(sku, 1, { as: "nobody" })).status, 401)
      assert.strictEqual((yield* receive(sku, 1, { as: "customer", key: "k" })).status, 403)
      assert.strictEqual((yield* levelOf(sku)).onHand, 1)
    }))

  it.effect("is shown the same answer when a receipt is sent again with its key (H01, H07)", () =>
    Effect.gen(function*() {
      const sku = S.freshSku()
      const first = yield* receive(sku, 5, { key: `once-${sku}` })
      yield* receive(sku, 2)
      const again = yield* receive(sku, 5, { key: `"once-${sku}"` })
      assert.deepStrictEqual([again.status, again.text], [201, first.text])
      assert.isUndefined(first.headers["idempotent-replayed"])
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
      assert.strictEqual((yield* levelOf(sku)).onHand, 7)
    }))

  it.effect("receives once when the same receipt is sent fifty times at once (H02)", () =>
    Effect.gen(function*() {
      const sku = S.freshSku()
      const answers = yield* Effect.all(
        Array.from({ length: 50 }, () => receive(sku, 3, { key: `fifty-${sku}` })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
      assert.strictEqual(answers.filter(({ headers }) => headers["idempotent-replayed"] === undefined).length, 1)
      assert.strictEqual((yield* levelOf(sku)).onHand, 3)
    }))

  it.effect("cannot use a key for another receipt, or a key that is none (H03, H04, H06)", () =>
    Effect.gen(function*() {
      const [sku, other] = [S.freshSku(), S.freshSku()]
      const key = `key-${sku}`
      yield* receive(sku, 3, { key })
      const reused = { type: "urn:quartet:problem:idempotency-key-reused", status: 422 }
      assert.deepStrictEqual(json(Problem, yield* receive(sku, 4, { key })), reused)
      assert.deepStrictEqual(json(Problem, yield* receive(other, 3, { key })), reused)
      for (const none of ["", "4242 4242 4242 4242", "4242-4242-4242-4242", "a\tb", "\"open", "x".repeat(256)]) {
        assert.strictEqual((yield* receive(sku, 1, { key: none })).status, 400, `key ${none}`)
      }
      assert.strictEqual((yield* levelOf(sku)).onHand, 3)
      assert.strictEqual((yield* ask("GET", `/stock/${other}`)).status, 404)
    }))

  it.effect("reads the ledger of a SKU page by page, oldest first (H201)", () =>
    Effect.gen(function*() {
      const actor = yield* InventoryActor
      const [sku, order] = [S.freshSku(), S.freshOrder()]
      yield* receive(sku, 9)
      yield* actor.submit([S.reserve(order, [sku, 2]), S.commit(order, [sku, 2])].map((command) => S.heard(command)))
      const first = json(Items, yield* ask("GET", `/stock/${sku}/movements?limit=2`))
      const second = json(Items, yield* ask("GET", `/stock/${sku}/movements?limit=2&cursor=${first.nextCursor}`))
      const kinds = [...first.items, ...second.items].map(({ kind, orderId, quantity }) => [kind, quantity, orderId])
      assert.deepStrictEqual(kinds, [["receipt", 9, null], ["reserve", 2, order], ["commit", 2, order]])
      assert.strictEqual(first.items[0]?.["actor"], "operator-1")
      assert.isUndefined(second.nextCursor)
    }))

  it.effect("reads all levels page by page and each once (H201)", () =>
    Effect.gen(function*() {
      const skus = Array.from({ length: 5 }, S.freshSku)
      yield* Effect.forEach(skus, (sku) => receive(sku, 1), { concurrency: "unbounded" })
      const seen: Array<string> = []
      let cursor: string | undefined
      do {
        const page = json(Items, yield* ask("GET", `/stock?limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`))
        seen.push(...page.items.map(({ sku }) => sku))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      assert.includeMembers(seen, skus)
      assert.deepStrictEqual(seen, [...new Set(seen)].toSorted())
      for (const limit of ["0", "201", "x"]) {
        assert.strictEqual((yield* ask("GET", `/stock?limit=${limit}`)).status, 400)
      }
    }))
})
