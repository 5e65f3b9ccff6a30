import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { EdgeProblem, edgeProblems } from "@quartet/contracts/EdgeProblems"
import type { Kind } from "@quartet/contracts/Problem"
import { helpOf, mediaType, Problem, typeOf } from "@quartet/contracts/Problem"
import { Effect, Schema } from "effect"
import { Correlation } from "./Correlation.ts"

/** Refuses the request at hand with a problem that its API declares; `detail` is one sentence for the caller. */
export const fail = <Refusal>(kind: Kind<Refusal>, detail: string): Effect.Effect<never, Refusal> =>
  Effect.flatMap(Correlation, (correlationId) => Effect.fail(kind.make(detail, correlationId)))

const encode = Schema.encodeSync(Schema.parseJson(Problem))

/** The answer that carries the problem. */
export const toResponse = (
  problem: Problem,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(encode(problem), { status: problem.status, contentType: mediaType, headers })

/** A refusal by the edge itself, before any handler ran. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  name: EdgeProblem,
  detail: Schema.String,
  headers: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })
}) {
  /** What the caller is told. */
  toProblem(correlationId: string): Problem {
    const { detail, name } = this
    const { status, title } = edgeProblems[name]
    return { type: typeOf(name), help: helpOf(name), title, status, detail, correlationId }
  }
}
