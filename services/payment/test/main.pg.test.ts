import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, it, layer } from "@effect/vitest"
import { subscriptions } from "@quartet/contracts/Catalog"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import * as InProcessBroker from "@quartet/messaging/InProcessBroker"
import { ConfigProvider, Effect, Layer } from "effect"
import * as Gateway from "../src/Gateway.ts"
import * as Main from "../src/main.ts"
import * as Signature from "../src/Signature.ts"
import { settings } from "./support.ts"

const Process = Main.layer.pipe(
  Layer.provideMerge(InProcessBroker.layer(subscriptions)),
  Layer.provideMerge(Layer.mergeAll(PostgresTest.database, FetchHttpClient.layer)),
  Layer.provide(settings)
)

layer(Process, { excludeTestServices: true, timeout: 60_000 })("the payment process", (it) => {
  it.effect("opens its door to the provider alone", () =>
    Effect.gen(function*() {
      const url = yield* HttpServer.ServerUrl
      const client = yield* HttpClient.HttpClient
      const response = yield* client.execute(HttpClientRequest.post(`${url}/webhooks/stripe`))
      assert.strictEqual(response.status, 400)
    }))
})

it.effect("takes no deadline that would outlive its message (H57, H173)", () =>
  Effect.gen(function*() {
    const patient = Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["STRIPE_DEADLINE", "26 seconds"]])))
    const refused = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(Gateway.layer, patient))))
    assert.include(String(refused), "STRIPE_DEADLINE")
  }))

const inProduction = Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["NODE_ENV", "production"]])))

it.effect("starts in production only with a key and a secret of its own (H173)", () =>
  Effect.gen(function*() {
    const withoutKey = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(Gateway.layer, inProduction))))
    assert.include(String(withoutKey), "STRIPE_API_KEY")
    const withoutSecret = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(Signature.layer, inProduction))))
    assert.include(String(withoutSecret), "STRIPE_WEBHOOK_SECRET")
  }))
