import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpApp from "@effect/platform/HttpApp"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Scope } from "effect"
import { Cause, Effect, FiberRef, Option } from "effect"
import { acceptsJson } from "./Acceptance.ts"
import { strangers } from "./Admission.ts"
import type { BodyBudget } from "./BodyBudget.ts"
import { fromDecodeError } from "./DecodeProblem.ts"
import type { Answer, Exchange } from "./Exchange.ts"
import { pathOf } from "./Exchange.ts"
import type { Refused } from "./Problem.ts"
import { toResponse } from "./Problem.ts"
import type { PublicEdge } from "./PublicEdge.ts"
import * as Refusals from "./Refusals.ts"
import { hasBody, received } from "./RequestBody.ts"
import type { RouteTable } from "./RouteTable.ts"
import { allowed, patternOf } from "./RouteTable.ts"

/** What answers requests; the scope is that of the answer, until its last byte was sent. */
export type Application<E, R> = Effect.Effect<Answer, E, R | HttpServerRequest | Scope.Scope>

/** What is known of an application, and how its callers are met. */
export interface AnsweringOptions {
  readonly routes: RouteTable
  readonly maxBodyBytes: number
  /** What all bodies that are being read have in common. */
  readonly bodies: BodyBudget
  /** How strangers are met, where they come at all. */
  readonly facing?: PublicEdge
  /** Whether the route of this pattern answers in JSON and in nothing else. */
  readonly speaksJson: (pattern: string) => boolean
}

/**
 * Lets a request in, unless its sender has sent too many, reads it, takes a place for it and has it handled; whatever fails
 * is answered. Who is slow to send takes nobody's place.
 */
export const answered = <E, R>(
  app: Application<E, R>,
  exchange: Exchange,
  options: AnsweringOptions
): Effect.Effect<Answer, never, R | HttpServerRequest | Scope.Scope> => {
  const preflight = preflightOf(exchange, options)
  if (Option.isSome(preflight)) return Effect.succeed(preflight.value)
  const asked = acceptsJson(exchange.request.headers["accept"])
    ? app
    : Effect.zipRight(acceptable(exchange, options), app)
  const handled = Effect.flatMap(asked, (answer) => completed(exchange, answer))
  const { facing } = options
  const admitted = facing === undefined
    ? placed(exchange, options, undefined, handled)
    : Effect.flatMap(facing.admit(exchange.request), ({ fields, owner }) => {
      exchange.admitted = fields
      return placed(exchange, options, owner, handled)
    })
  return Effect.catchAllCause(admitted, (cause) => answerTo(cause, exchange, options))
}

/** Reads the request and has it handled in a place of its sender's, if there is one left. */
const placed = <E, R>(
  { place, request }: Exchange,
  { bodies, facing, maxBodyBytes }: AnsweringOptions,
  owner: string | undefined,
  handled: Effect.Effect<Answer, E, R>
): Effect.Effect<Answer, E | Refused, R> => {
  const isKnown = facing === undefined || owner !== strangers
  const enter = Effect.suspend((): Effect.Effect<Answer, E | Refused, R> =>
    place.take(owner) ? handled : Effect.fail(Refusals.overloaded)
  )
  return hasBody(request) ? Effect.zipRight(received(request, { maxBodyBytes, bodies, isKnown }), enter) : enter
}

/** What a handler wished to be done to whatever answer the API makes of its result. */
const completed = ({ request }: Exchange, answer: Answer) =>
  Effect.flatMap(
    FiberRef.get(HttpApp.currentPreResponseHandlers),
    (wished) => Option.isNone(wished) ? Effect.succeed(answer) : wished.value(request, answer)
  )

/** The answer to one request more than the edge handles at a time: nothing is kept for it. */
export const overloaded = ({ correlationId }: Exchange): Answer =>
  toResponse(Refusals.overloaded.toProblem(correlationId), Refusals.overloaded.headers)

const preflightOf = (exchange: Exchange, { facing, routes }: AnsweringOptions): Option.Option<Answer> =>
  facing === undefined || exchange.request.source.method !== "OPTIONS"
    ? Option.none()
    : facing.cors.preflight(exchange.request, () => allowed(routes, pathOf(exchange)))

/** Asked of those alone who do not say that they take JSON, and before any work: they would not learn what was done. */
const acceptable = (exchange: Exchange, { routes, speaksJson }: AnsweringOptions) => {
  const { method } = exchange.request
  const path = pathOf(exchange)
  const isAnswered = allowed(routes, path).includes(method) && speaksJson(patternOf(routes, path))
  return isAnswered ? Effect.fail(Refusals.notAcceptable) : Effect.void
}

const answerTo = (
  cause: Cause.Cause<unknown>,
  exchange: Exchange,
  { routes }: AnsweringOptions
): Effect.Effect<Answer> => {
  const { correlationId } = exchange
  const error = Cause.isInterruptedOnly(cause) ? Refusals.stopping : Cause.squash(cause)
  if (HttpServerResponse.isServerResponse(error)) return Effect.succeed(error)
  if (error instanceof HttpApiDecodeError) return Effect.succeed(toResponse(fromDecodeError(error, correlationId)))
  const refused = Refusals.refusalOf(error, () => allowed(routes, pathOf(exchange)))
  const response = toResponse(refused.toProblem(correlationId), refused.headers)
  if (refused === Refusals.unavailable) return Effect.as(Effect.logWarning("A dependency is away.", cause), response)
  if (refused === Refusals.bug) return Effect.as(Effect.logError("A request failed by a bug.", cause), response)
  return Effect.succeed(response)
}
