import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect, Schema } from "effect"
import { Correlation } from "./Correlation.ts"
import type { ProblemText } from "./EdgeProblems.ts"
import { EdgeProblem, edgeProblems } from "./EdgeProblems.ts"

/** RFC 9457. */
export const mediaType = "application/problem+json"

/** The stable name of a kind of problem. */
export const typeOf = (name: string): string => `urn:quartet:problem:${name}`

/** Where the server that refused tells what this kind of problem means. */
export const helpOf = <const Name extends string>(name: Name) => `/problems/${name}` as const

/** A problem document (RFC 9457), with whatever members its type adds. */
export const Problem = Schema.Struct(
  {
    type: Schema.String,
    help: Schema.optional(Schema.String),
    title: Schema.String,
    status: Schema.Int,
    detail: Schema.optional(Schema.String),
    instance: Schema.optional(Schema.String),
    correlationId: Schema.optional(Schema.String)
  },
  { key: Schema.String, value: Schema.Unknown }
).annotations({ identifier: "Problem" })
export type Problem = typeof Problem.Type

/**
 * One kind of problem that an API declares: `schema` goes to `addError`, `fail` refuses with it. The status and the media
 * type come with the schema.
 */
export const define = <const Name extends string, const Status extends number>(
  options: ProblemText & {
    /** In kebab case; part of the API's promise. */
    readonly name: Name
    readonly status: Status
    readonly title: string
  }
) => {
  const type = typeOf(options.name)
  const help = helpOf(options.name)
  const schema = Schema.Struct({
    type: Schema.Literal(type),
    help: Schema.optional(Schema.Literal(help)),
    title: Schema.String,
    status: Schema.Literal(options.status),
    detail: Schema.String,
    correlationId: Schema.optional(Schema.String)
  }).pipe(
    HttpApiSchema.withEncoding({ kind: "Json", contentType: mediaType })
  ).annotations({
    ...HttpApiSchema.annotations({ status: options.status }),
    description: options.title
  })
  const make = (detail: string, correlationId: string): typeof schema.Type => ({
    type,
    help,
    title: options.title,
    status: options.status,
    detail,
    ...(correlationId === "" ? {} : { correlationId })
  })
  return {
    schema,
    make,
    /** What a reader is told of it. */
    page: { name: options.name, means: options.means, advice: options.advice },
    /** Refuses the request at hand; `detail` is one sentence for the caller. */
    fail: (detail: string): Effect.Effect<never, typeof schema.Type> =>
      Effect.flatMap(Correlation, (correlationId) => Effect.fail(make(detail, correlationId)))
  }
}

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
