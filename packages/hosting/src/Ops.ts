import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type { ServeError } from "@effect/platform/HttpServerError"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { ConfigError } from "effect"
import { Context, Effect, Layer, Option, Ref } from "effect"
import { Auth } from "./Auth.ts"
import * as Health from "./Health.ts"
import { listen, urlOf } from "./HttpListener.ts"
import { ParkedMessages } from "./ParkedMessages.ts"
import * as ParkedRoutes from "./ParkedRoutes.ts"
import * as ProblemPage from "./ProblemPage.ts"
import * as Prometheus from "./Prometheus.ts"
import * as RebuildRoutes from "./RebuildRoutes.ts"
import * as ReconcileRoutes from "./ReconcileRoutes.ts"
import * as RefundRoutes from "./RefundRoutes.ts"
import * as RouteTable from "./RouteTable.ts"
import * as Settings from "./Settings.ts"

/** Where the operators' server can be reached. */
export class OpsUrl extends Context.Tag("@quartet/hosting/OpsUrl")<OpsUrl, string>() {}

const health = HttpRouter.empty.pipe(
  HttpRouter.get("/health/live", HttpServerResponse.json({ status: "alive" })),
  HttpRouter.get(
    "/health/ready",
    Effect.flatMap(
      Effect.flatMap(Health.Health, ({ readiness }) => readiness),
      ({ checks, ready }) =>
        HttpServerResponse.json({ status: ready ? "ready" : "not ready", checks }, { status: ready ? 200 : 503 })
    )
  ),
  HttpRouter.get(
    "/metrics",
    Effect.map(Prometheus.text, (body) => HttpServerResponse.text(body, { contentType: Prometheus.mediaType }))
  ),
  HttpRouter.get(ProblemPage.path, ProblemPage.serve([]))
)

/**
 * Health and metrics on a port of their own, `OPS_PORT`, which is not for the public: `/health/live` says that the process
 * runs, `/health/ready` answers 503 while a part of it does not work, `/metrics` is for Prometheus. Where the process
 * keeps parked messages, operators find them at `/parked`, each with a token of theirs.
 */
export const layerOn = (
  otherwise: number
): Layer.Layer<OpsUrl, ServeError | ConfigError.ConfigError, Health.Health> =>
  Layer.scoped(
    OpsUrl,
    Effect.gen(function*() {
      const kept = Option.all([yield* Effect.serviceOption(ParkedMessages), yield* Effect.serviceOption(Auth)])
      const router = Option.match(kept, {
        onNone: () => health,
        onSome: ([parked, auth]) =>
          HttpRouter.concat(
            health,
            HttpRouter.provideService(
              HttpRouter.concat(
                ParkedRoutes.routes(auth),
                HttpRouter.concat(
                  RebuildRoutes.routes(auth),
                  HttpRouter.concat(ReconcileRoutes.routes(auth), RefundRoutes.routes(auth))
                )
              ),
              ParkedMessages,
              parked
            )
          )
      })
      const app = yield* HttpRouter.toHttpApp(router)
      const provided = Effect.provideService(app, Health.Health, yield* Health.Health)
      const answering = Effect.catchTag(provided, "HttpBodyError", Effect.die)
      const address = yield* listen(answering, RouteTable.make(router), {
        name: "ops",
        port: yield* Settings.port("OPS_PORT", otherwise),
        setting: "OPS_PORT",
        drain: "1 second",
        quiet: true
      })
      return urlOf(address)
    })
  ).pipe(Layer.provide(NodeHttpServer.layerContext))

export const layer = layerOn(9000)

/**
 * Runs the parts of a process under the operators' port, which opens before them and closes after them: it is alive from
 * the start, and ready when all of them were built and until the process is told to stop.
 */
export const around = <A, E, R, E2, R2>(
  name: string,
  parts: Layer.Layer<A, E, R>,
  ops: Layer.Layer<OpsUrl, E2, R2>
): Layer.Layer<A | OpsUrl, E | E2, Exclude<R, OpsUrl> | Health.Health | R2> =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const serving = yield* Ref.make(false)
    yield* Health.register(name, Ref.get(serving))
    const mark = Layer.scopedDiscard(
      Effect.acquireRelease(Ref.set(serving, true), () => Ref.set(serving, false))
    )
    return mark.pipe(Layer.provideMerge(parts), Layer.provideMerge(ops))
  }))
