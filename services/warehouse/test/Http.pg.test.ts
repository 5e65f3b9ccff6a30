import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import * as Auth from "@quartet/hosting/Auth"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as Settings from "@quartet/hosting/Settings"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { v7 } from "uuid"
import { WarehouseActor } from "../src/Actor.ts"
import { ForbidShipment } from "../src/domain/Command.ts"
import * as Http from "../src/Http.ts"
import { freshOrder, lines, Warehouse } from "./support.ts"

const settings = ConfigProvider.fromMap(
  new Map(Object.entries({ WAREHOUSE_PORT: "0", ...TokenKeys.issuing }))
)
const Edge = HttpServer.layer({ name: "warehouse", port: Settings.port("WAREHOUSE_PORT", 3003), api: Http.api }).pipe(
  Layer.provideMerge(Layer.mergeAll(Warehouse, Auth.layer, DevelopmentIssuer.layer, FetchHttpClient.layer)),
  Layer.provide(Layer.setConfigProvider(settings))
)

const ask = Effect.fnUntraced(
  function*(method: "GET" | "POST", path: string, scopes: ReadonlyArray<string> | undefined) {
    const url = yield* HttpServer.ServerUrl
    const issuer = yield* DevelopmentIssuer.DevelopmentIssuer
    const token = scopes && Redacted.value(yield* issuer.sign({ subject: "ann", scopes }))
    const request = HttpClientRequest.make(method)(`${url}${path}`).pipe(
      token === undefined ? (plain) => plain : HttpClientRequest.bearerToken(token)
    )
    const response = yield* Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(request))
    return { status: response.status, headers: response.headers, body: yield* response.json }
  }
)
const operator = ["operator"]

layer(Edge, { excludeTestServices: true, timeout: 60_000 })("the warehouse's operators", (it) => {
  it.effect("dispatch a ready parcel, and see it shipped; dispatching again changes nothing", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const { committed, orderId, paid, shipmentId } = freshOrder()
      yield* actor.submit([fromMessage(paid), fromMessage(committed)])
      const before = yield* ask("GET", `/shipments/${orderId}`, operator)
      assert.deepInclude(before.body, { orderId, status: "Ready", shipmentId, lines })
      const first = yield* ask("POST", `/shipments/${orderId}/dispatch`, operator)
      const second = yield* ask("POST", `/shipments/${orderId}/dispatch`, operator)
      assert.deepInclude(first.body, { status: "Shipped", version: 3 })
      assert.deepStrictEqual(second.body, first.body)
    }))

  it.effect("are told why a parcel cannot leave, and nothing changes", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const waiting = freshOrder()
      const stopped = freshOrder()
      yield* actor.submit([fromMessage(waiting.paid), fromMessage(ForbidShipment.make(stopped))])
      const early = yield* ask("POST", `/shipments/${waiting.orderId}/dispatch`, operator)
      assert.strictEqual(early.status, 409)
      assert.deepInclude(early.body, { type: "urn:quartet:problem:shipment-not-ready", status: 409 })
      const late = yield* ask("POST", `/shipments/${stopped.orderId}/dispatch`, operator)
      assert.deepInclude(late.body, { type: "urn:quartet:problem:shipment-stopped", status: 409 })
      const after = yield* ask("GET", `/shipments/${waiting.orderId}`, operator)
      assert.deepInclude(after.body, { status: "AwaitingStock", version: 1 })
      const unknown = yield* ask("GET", `/shipments/${OrderId.make(v7())}`, operator)
      assert.deepInclude(unknown.body, { type: "urn:quartet:problem:shipment-not-found", status: 404 })
    }))

  it.effect("list shipments page by page until there is no next", () =>
    Effect.gen(function*() {
      const actor = yield* WarehouseActor
      const orders = Array.from({ length: 5 }, freshOrder)
      yield* actor.submit(orders.map((order) => fromMessage(ForbidShipment.make(order))))
      const { body } = yield* ask("GET", "/shipments?status=Stopped&limit=2", operator)
      assert.hasAllKeys(body, ["items", "nextCursor"])
      const nonsense = yield* ask("GET", "/shipments?limit=1000", operator)
      assert.deepInclude(nonsense.body, { status: 400 })
    }))

  it.effect("are asked for a token, and for its scope (H193, H203)", () =>
    Effect.gen(function*() {
      const { orderId } = freshOrder()
      for (const [method, path] of [["GET", "/shipments"], ["POST", `/shipments/${orderId}/dispatch`]] as const) {
        assert.strictEqual((yield* ask(method, path, undefined)).status, 401)
        assert.strictEqual((yield* ask(method, path, ["customer"])).status, 403)
      }
    }))
})
