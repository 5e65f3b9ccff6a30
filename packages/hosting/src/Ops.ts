import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type { ServeError } from "@effect/platform/HttpServerError"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { ConfigError } from "effect"
import { Context, Effect, Layer } from "effect"
import { Health } from "./Health.ts"
import { listen, urlOf } from "./HttpListener.ts"
import * as Prometheus from "./Prometheus.ts"
import * as RouteTable from "./RouteTable.ts"
import * as Settings from "./Settings.ts"

/** Where the operators' server can be reached. */
export class OpsUrl extends Context.Tag("@quartet/hosting/OpsUrl")<OpsUrl, string>() {}

const port = Settings.port("OPS_PORT", 9000)

/**
 * Health and metrics on a port of their own, `OPS_PORT`, which is not for the public: `/health/live` says that the process
 * runs, `/health/ready` answers 503 while a part of it does not work, `/metrics` is for Prometheus.
 */
export const layer: Layer.Layer<OpsUrl, ServeError | ConfigError.ConfigError, Health> = Layer.scoped(
  OpsUrl,
  Effect.gen(function*() {
    const { readiness } = yield* Health
    const router = HttpRouter.empty.pipe(
      HttpRouter.get("/health/live", HttpServerResponse.json({ status: "alive" })),
      HttpRouter.get(
        "/health/ready",
        Effect.flatMap(
          readiness,
          ({ checks, ready }) =>
            HttpServerResponse.json({ status: ready ? "ready" : "not ready", checks }, { status: ready ? 200 : 503 })
        )
      ),
      HttpRouter.get(
        "/metrics",
        Effect.map(Prometheus.text, (body) => HttpServerResponse.text(body, { contentType: Prometheus.mediaType }))
      )
    )
    const app = yield* HttpRouter.toHttpApp(router)
    const answering = Effect.catchTag(app, "HttpBodyError", Effect.die)
    const address = yield* listen(answering, RouteTable.make(router), {
      name: "ops",
      port: yield* port,
      drain: "1 second",
      quiet: true
    })
    return urlOf(address)
  })
).pipe(Layer.provide(NodeHttpServer.layerContext))
