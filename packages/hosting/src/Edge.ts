import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Scope } from "effect"
import { Cause, Clock, Context, Deferred, Effect, Fiber, FiberRef, FiberSet, LogLevel, Option, Stream } from "effect"
import { acceptsJson } from "./Acceptance.ts"
import * as Correlation from "./Correlation.ts"
import { fromDecodeError } from "./DecodeProblem.ts"
import { toResponse } from "./Problem.ts"
import type { PublicEdge } from "./PublicEdge.ts"
import * as Refusals from "./Refusals.ts"
import { buffered } from "./RequestBody.ts"
import * as RequestMetrics from "./RequestMetrics.ts"
import type { RouteTable } from "./RouteTable.ts"
import { allowed, patternOf } from "./RouteTable.ts"
import { Stopping } from "./Stopping.ts"

export interface EdgeOptions {
  readonly routes: RouteTable
  readonly maxBodyBytes: number
  /** One for each request that may be handled at a time. */
  readonly slots: Effect.Semaphore
  /** How strangers are met, where they come at all. */
  readonly facing?: PublicEdge
  /** Handlers of unsafe methods run in here, where a caller who leaves does not reach them. */
  readonly working: FiberSet.FiberSet<HttpServerResponse.HttpServerResponse, never>
  /** Completed when the server is told to stop. */
  readonly stopping: Deferred.Deferred<void>
  /** Whether the route of this pattern answers in JSON and in nothing else. */
  readonly speaksJson: (pattern: string) => boolean
  /** Requests are told at debug level only. */
  readonly quiet: boolean
}

/** Puts the edge around an application: whatever happens inside, the caller gets an answer of the same make. */
export const around = <E, R>(
  app: HttpApp.Default<E, R>,
  options: EdgeOptions
): HttpApp.Default<never, R | Scope.Scope> => {
  const stopping = Context.make(Stopping, Deferred.await(options.stopping))
  return Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const began = yield* Clock.currentTimeMillis
    const correlationId = yield* Correlation.accept(request.headers[Correlation.header])
    const handled = withinSlots(
      admitted(app, request, options, (cause) => answerTo(cause, request, options.routes, correlationId)),
      options.slots,
      correlationId
    )
    const answered: HttpApp.Default<never, R | Scope.Scope> = isSafe(request.method)
      ? Effect.interruptible(handled)
      : toItsEnd(handled, options)
    return yield* answered.pipe(
      Effect.zipWith(
        Deferred.isDone(options.stopping),
        finished(correlationId, options.facing?.cors.fieldsFor(request) ?? {})
      ),
      Effect.tap((response) => report(request, response, began, options)),
      // Both at once: each service that is provided by itself copies all that are there.
      Effect.provide(Context.add(stopping, Correlation.Correlation, correlationId)),
      Effect.annotateLogs({ correlationId })
    )
  })
}

type Answering = (cause: Cause.Cause<unknown>) => Effect.Effect<HttpServerResponse.HttpServerResponse>

/** Lets a request in, unless its sender has sent too many, and reads it before it is handled; whatever fails is answered. */
const admitted = <E, R>(
  app: HttpApp.Default<E, R>,
  request: HttpServerRequest.HttpServerRequest,
  options: EdgeOptions,
  answering: Answering
) => {
  const { facing, maxBodyBytes, routes } = options
  const answered = Effect.flatMap(buffered(request, maxBodyBytes), (whole) =>
    Effect.zipRight(
      acceptable(request, options),
      Effect.provideService(app, HttpServerRequest.HttpServerRequest, whole)
    )).pipe(Effect.catchAllCause(answering))
  if (facing === undefined) return answered
  const preflight = facing.cors.preflight(request, () => allowed(routes, pathOf(request)))
  if (Option.isSome(preflight)) return Effect.succeed(preflight.value)
  return Effect.flatMap(
    facing.admit(request),
    (fields) => Effect.map(answered, HttpServerResponse.setHeaders(fields))
  ).pipe(Effect.catchAllCause(answering))
}

/** Held by the work itself and not by its caller, who may leave while it goes on. */
const withinSlots = <R>(
  handled: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>,
  slots: Effect.Semaphore,
  correlationId: string
) =>
  Effect.map(
    slots.withPermitsIfAvailable(1)(handled),
    Option.getOrElse(() => toResponse(Refusals.overloaded.toProblem(correlationId), Refusals.overloaded.headers))
  )

/** Before any work: whoever cannot read the answer would not learn what was done. */
const acceptable = (request: HttpServerRequest.HttpServerRequest, { routes, speaksJson }: EdgeOptions) => {
  // First what nearly all send, before any route is looked for.
  if (acceptsJson(request.headers["accept"])) return Effect.void
  const path = pathOf(request)
  const isAnswered = allowed(routes, path).includes(request.method) && speaksJson(patternOf(routes, path))
  return isAnswered ? Effect.fail(Refusals.notAcceptable) : Effect.void
}

const isSafe = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS"

/** Work that has begun must reach its next durable step though its caller hung up (H10). */
const toItsEnd = <R>(handled: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>, options: EdgeOptions) =>
  Effect.flatMap(
    FiberSet.run(options.working, Effect.scoped(Effect.interruptible(handled))),
    (fiber) => Effect.interruptible(Fiber.join(fiber))
  )

const answerTo = (
  cause: Cause.Cause<unknown>,
  request: HttpServerRequest.HttpServerRequest,
  routes: RouteTable,
  correlationId: string
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const error = Cause.isInterruptedOnly(cause) ? Refusals.stopping : Cause.squash(cause)
  if (HttpServerResponse.isServerResponse(error)) return Effect.succeed(error)
  if (error instanceof HttpApiDecodeError) return Effect.succeed(toResponse(fromDecodeError(error, correlationId)))
  const refused = Refusals.refusalOf(error, () => allowed(routes, pathOf(request)))
  const response = toResponse(refused.toProblem(correlationId), refused.headers)
  if (refused === Refusals.unavailable) return Effect.as(Effect.logWarning("A dependency is away.", cause), response)
  if (refused === Refusals.bug) return Effect.as(Effect.logError("A request failed by a bug.", cause), response)
  return Effect.succeed(response)
}

const finished = (
  correlationId: string,
  cors: Readonly<Record<string, string>>
) =>
(response: HttpServerResponse.HttpServerResponse, isLast: boolean) => {
  const isPage = response.headers["content-type"]?.startsWith("text/html") ?? false
  return HttpServerResponse.setHeaders(streamed(response), {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": isPage
      ? "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'"
      : "default-src 'none'; frame-ancestors 'none'",
    ...(isLast ? { connection: "close" } : {}),
    ...(response.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...response.headers,
    ...cors,
    [Correlation.header]: correlationId
  })
}

/** The platform waits for ever for a caller who leaves while a large body is on its way, unless the body is a stream. */
const streamed = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  return body._tag === "Uint8Array" && body.contentLength > 16 * 1024
    ? HttpServerResponse.setBody(
      response,
      HttpBody.stream(Stream.make(body.body), body.contentType, body.contentLength)
    )
    : response
}

const pathOf = (request: HttpServerRequest.HttpServerRequest): string => request.url.split("?")[0] ?? "/"

/** The route's pattern stands for the path: what a caller wrote into a URL belongs into no log (H195). */
const report = Effect.fnUntraced(function*(
  request: HttpServerRequest.HttpServerRequest,
  response: HttpServerResponse.HttpServerResponse,
  began: number,
  options: EdgeOptions
) {
  const milliseconds = (yield* Clock.currentTimeMillis) - began
  const route = patternOf(options.routes, pathOf(request))
  const { method } = request
  const { status } = response
  RequestMetrics.count({ method, route, status, milliseconds })
  // A 503 of the operators' port is its answer, asked for every few seconds.
  const level = options.quiet && status !== 500 ? LogLevel.Debug : LogLevel.Info
  // Where nobody would see the line, nothing is done for it.
  if (LogLevel.lessThan(level, yield* FiberRef.get(FiberRef.currentMinimumLogLevel))) return
  yield* Effect.annotateLogs(Effect.logWithLevel(level, "Request answered."), { method, route, status, milliseconds })
})
