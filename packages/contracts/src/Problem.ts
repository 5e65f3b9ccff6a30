import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"

/** RFC 9457. */
export const mediaType = "application/problem+json"

/** The stable name of a kind of problem. */
export const typeOf = <const Name extends string>(name: Name) => `urn:quartet:problem:${name}` as const

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

/** What a problem's page says beside its title: when it comes, and what the caller should do. */
export interface ProblemText {
  readonly means: string
  readonly advice: string
}

/** One kind of problem, as far as whoever refuses with it needs to know. */
export interface Kind<Refusal> {
  readonly make: (detail: string, correlationId: string) => Refusal
}

/** One kind of problem that an API declares: `schema` goes to `addError`. The status and the media type come with it. */
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
    ...documentedAs(documentName(options.name)),
    description: options.title
  })
  return {
    schema,
    /** Tells it from the others, where a client was refused. */
    is: Schema.is(schema),
    /** `detail` is one sentence for the caller; no correlation id is an empty one. */
    make: (detail: string, correlationId: string): typeof schema.Type => ({
      type,
      help,
      title: options.title,
      status: options.status,
      detail,
      ...(correlationId === "" ? {} : { correlationId })
    }),
    /** What a reader is told of it. */
    page: { name: options.name, means: options.means, advice: options.advice }
  }
}

/** `order-not-found` is `OrderNotFoundProblem` among the schemas of an API's description. */
const documentName = (name: string): string =>
  `${name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Problem`
