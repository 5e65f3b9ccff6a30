import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import type { ServeError } from "@effect/platform/HttpServerError"
import type { ConfigError, Duration } from "effect"
import { Cause, Config, Context, Effect, Layer } from "effect"
import { Correlation } from "./Correlation.ts"
import { fromDecodeError } from "./DecodeProblem.ts"
import { listen, urlOf } from "./HttpListener.ts"
import { toResponse } from "./Problem.ts"
import * as ProblemPage from "./ProblemPage.ts"
import type { PublicEdge } from "./PublicEdge.ts"
import * as RouteTable from "./RouteTable.ts"

/** Where a server that runs can be reached, `http://127.0.0.1:3000` for example. */
export class ServerUrl extends Context.Tag("@quartet/hosting/ServerUrl")<ServerUrl, string>() {}

export interface HttpServerOptions<E, R, R2 = never> {
  /** For logs. */
  readonly name: string
  readonly port: Config.Config<number>
  /** The setting that chooses the port, for whoever finds it taken. */
  readonly setting?: string
  /** The API with its groups provided. */
  readonly api: Layer.Layer<HttpApi.Api, E, R>
  /** What the API's own problems mean; the edge's come by themselves. */
  readonly problems?: ReadonlyArray<ProblemPage.ProblemPage>
  /** How many answers may be held open beside ordinary requests, each of them with its connection; none when absent. */
  readonly held?: Config.Config<number>
  /** `HTTP_MAX_BODY_BYTES` when absent. */
  readonly maxBodyBytes?: number
  /** How strangers are met; absent where none come. */
  readonly facing?: Effect.Effect<PublicEdge, ConfigError.ConfigError, R2>
  /** How long requests in flight may take to finish at the end; 8 seconds when absent. */
  readonly drain?: Duration.DurationInput
}

/**
 * Serves an API at its port, with its description at `/openapi.json` and `/docs`, and that of each problem at
 * `/problems/{name}`. Every refusal and failure is a problem document; bodies are limited; a request that changes something
 * runs to its end though its caller hangs up.
 *
 * `api` is built apart from everything else, so that several APIs in one process do not mix their routes. What its
 * handlers share with the rest of the process must be provided to the layer that this returns, not to `api`.
 */
export const layer = <E, R, R2 = never>(
  options: HttpServerOptions<E, R, R2>
): Layer.Layer<ServerUrl, E | ServeError | ConfigError.ConfigError, R | R2> =>
  Layer.fresh(
    Layer.scoped(ServerUrl, serve(options)).pipe(
      Layer.provide([
        decodeProblems,
        HttpApiBuilder.middlewareOpenApi({ path: "/openapi.json" }),
        HttpApiSwagger.layer({ path: docs }),
        HttpApiBuilder.Router.use((router) => router.get(ProblemPage.path, ProblemPage.serve(options.problems ?? [])))
      ]),
      Layer.provide(options.api),
      Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer, NodeHttpServer.layerContext])
    )
  )

const docs = "/docs"

/** Pages are read by people, and streams of events by whoever asked for one. */
const speaksJson = (pattern: string): boolean =>
  pattern !== docs && pattern !== ProblemPage.path && !pattern.endsWith("/events")

const serve = <R2>(options: Omit<HttpServerOptions<never, never, R2>, "api">) =>
  Effect.gen(function*() {
    const { facing, held, port: configured, ...others } = options
    const port = yield* configured
    const app = yield* HttpApiBuilder.httpApp
    const { router } = yield* HttpApiBuilder.Router
    const routes = RouteTable.make(yield* router)
    const met = facing === undefined ? {} : { facing: yield* facing }
    return urlOf(
      yield* listen(app, routes, { ...others, ...met, port, speaksJson, held: yield* held ?? Config.succeed(0) })
    )
  })

/** Before the API encodes it: its own encoding repeats the whole schema. */
const decodeProblems = HttpApiBuilder.middleware((app) =>
  Effect.catchAllCause(app, (cause) => {
    const error = Cause.squash(cause)
    return error instanceof HttpApiDecodeError
      ? Effect.map(Correlation, (correlationId) => toResponse(fromDecodeError(error, correlationId)))
      : Effect.failCause(cause)
  })
)
