import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import { assert, describe, it } from "@effect/vitest"
import { Config, Context, Effect, Exit, Layer, Schema, Scope } from "effect"
import * as HttpServer from "../src/HttpServer.ts"
import { knocking } from "./support/Knocking.ts"

const Shop = HttpApi.make("shop").add(
  HttpApiGroup.make("orders").add(HttpApiEndpoint.get("look", "/orders/1").addSuccess(Schema.String))
)
const orders = HttpApiBuilder.group(Shop, "orders", (group) => group.handle("look", () => Effect.succeed("here")))
const api = HttpApiBuilder.api(Shop).pipe(Layer.provide(orders))

describe("a server that is told to stop while it is busy", () => {
  it.scopedLive("answers everybody whom the kernel had let in before (H164)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const shop = HttpServer.layer({ name: "shop", port: Config.succeed(0), api })
      const url = Context.get(yield* Layer.buildWithScope(shop, scope), HttpServer.ServerUrl)
      const answered = yield* knocking(Number(new URL(url).port), 7)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* answered, 7)
    }), 30_000)
})
