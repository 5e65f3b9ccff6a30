import { Array, Predicate } from "effect"
import { edgeProblems } from "./EdgeProblems.ts"
import { examples } from "./Examples.ts"
import { mediaType, typeOf } from "./Problem.ts"
import { headers, headersOf } from "./ResponseHeaders.ts"

type Json = Readonly<Record<string, unknown>>

/**
 * The description of an API as its callers meet it, for `OpenApi.Transform`. The edge answers every refusal with a problem
 * document, also where the platform believes that it answers itself.
 */
export const asServed = (spec: Json): Json => {
  const components = recordOf(spec["components"])
  const known = schemas(recordOf(components["schemas"]))
  const paths = mapRecords(spec["paths"], (path) => mapRecords(path, (described) => operation(described, known)))
  const used = headersIn(paths)
  return {
    ...spec,
    info: { license, ...recordOf(spec["info"]) },
    servers: [server],
    paths,
    components: {
      ...components,
      schemas: known,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => used.has(name)))
    }
  }
}

const license = { name: "MIT", url: "https://opensource.org/license/mit" }

/** Relative to the description's own address, which only its server's operator knows. */
const server = { url: "/", description: "The server that serves this description" }

const recordOf = (value: unknown): Json => Predicate.isReadonlyRecord(value) ? value : {}

const mapRecords = (value: unknown, change: (inner: Json) => Json): Json =>
  Object.fromEntries(Object.entries(recordOf(value)).map(([key, inner]) => [key, change(recordOf(inner))]))

/** The headers of all answers to all operations. */
const headersIn = (paths: Json): ReadonlySet<string> => {
  const operations = Object.values(paths).flatMap((path) => Object.values(recordOf(path)).map(recordOf))
  const answers = operations.flatMap(({ responses }) => Object.values(recordOf(responses)).map(recordOf))
  return new Set(answers.flatMap(({ headers }) => Object.keys(recordOf(headers))))
}

const operation = (described: Json, known: Json): Json => {
  const responses = Object.entries(recordOf(described["responses"])).map(([status, response]) => [
    status,
    Number(status) < 400 ? response : refusal(recordOf(response), known)
  ])
  const any = { $ref: "#/components/schemas/Problem" }
  const all = {
    ...unread(described, any),
    ...Object.fromEntries(responses),
    default: problems("Any other refusal, and every failure", any)
  }
  const asked = { parameters: namesOf(described["parameters"]), isCounted: "429" in all }
  const withHeaders = Object.entries<unknown>(all).map(([status, response]) => [
    status,
    { ...recordOf(response), headers: referred(headersOf(asked, status)) }
  ])
  return recordOf(readable({ ...described, responses: Object.fromEntries(withHeaders) }))
}

/** Refused before anybody looks at what is asked. Streams do not ask what is accepted. */
const unread = (described: Json, schema: unknown): Json => {
  const [accept, type] = [edgeProblems["not-acceptable"], edgeProblems["unsupported-media-type"]]
  const isStream = Predicate.hasProperty(
    recordOf(recordOf(described["responses"])["200"])["content"],
    "text/event-stream"
  )
  return {
    ...(isStream ? {} : { [accept.status]: problems(accept.title, schema) }),
    ...("requestBody" in described ? { [type.status]: problems(type.title, schema) } : {})
  }
}

const referred = (names: ReadonlyArray<string>): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

const namesOf = (parameters: unknown): ReadonlySet<string> =>
  new Set((Array.isArray(parameters) ? parameters : []).map((one) => String(recordOf(one)["name"]).toLowerCase()))

const refusal = (response: Json, known: Json): Json => {
  const [content] = Object.values(recordOf(response["content"]))
  const kinds = membersOf(recordOf(content)["schema"])
  const description = kinds.map((kind) => named(kind, known)["description"]).join("; or: ")
  return problems(description, kinds.length === 1 ? kinds[0] : { anyOf: kinds })
}

/** What a reference stands for, and anything else as it is. */
const named = (kind: Json, known: Json): Json =>
  typeof kind["$ref"] === "string" ? recordOf(known[kind["$ref"].replace("#/components/schemas/", "")]) : kind

const membersOf = (schema: unknown): ReadonlyArray<Json> => {
  const { anyOf } = recordOf(schema)
  const kinds = (Array.isArray(anyOf) ? anyOf : [schema]).map(recordOf)
  const [invalid, others] = Array.partition(kinds, ({ $ref }) => typeof $ref !== "string" || !refused.has($ref))
  return invalid.length === 0 ? others : [{ $ref: "#/components/schemas/InvalidRequest" }, ...others]
}

/** The one as the platform believes that it is answered, the other as an API declares it. */
const refused = new Set(["#/components/schemas/HttpApiDecodeError", "#/components/schemas/InvalidRequest"])

const problems = (description: string, schema: unknown): Json => ({ description, content: { [mediaType]: { schema } } })

/** How the platform itself would answer, which the edge never lets it do. */
const unserved = ["HttpApiDecodeError", "Issue", "PropertyKey"]

const schemas = (described: Json): Json => {
  const known = Object.entries(described).filter(([name]) => !unserved.includes(name))
  return {
    ...Object.fromEntries(known.map(([name, schema]) => [name, exemplified(name, readable(schema))])),
    ...("DateTimeUtc" in described ? { DateTimeUtc: dateTime } : {}),
    InvalidRequest: invalidRequest,
    Problem: exemplified("Problem", problem)
  }
}

const exemplified = (name: string, schema: unknown): unknown =>
  name in examples ? { ...recordOf(schema), examples: [examples[name]] } : schema

/** Without the titles that only repeat a rule, such as `between(1, 100)`. */
const readable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(readable)
  if (!Predicate.isReadonlyRecord(value)) return value
  const kept = Object.entries(value).filter(([key, inner]) => key !== "title" || !isRule(inner))
  return Object.fromEntries(kept.map(([key, inner]) => [key, readable(inner)]))
}

const isRule = (title: unknown): boolean => typeof title === "string" && /^[a-z]\w*(\(.*\))?$/.test(title)

const dateTime = { type: "string", format: "date-time", description: "a moment in UTC (RFC 3339)" }

const members = {
  type: { type: "string", description: "the stable name of the kind of problem" },
  help: { type: "string", description: "where this server tells what it means and what to do" },
  title: { type: "string" },
  status: { type: "integer" },
  detail: { type: "string", description: "one sentence for whoever asked" },
  correlationId: { type: "string", description: "to be quoted when asking about it" }
}

const problem = {
  type: "object",
  description: "A problem document (RFC 9457)",
  required: ["type", "title", "status"],
  properties: members
}

const fault = {
  type: "object",
  required: ["pointer", "detail"],
  properties: {
    pointer: { type: "string", description: "which field, as a JSON pointer (RFC 6901)" },
    detail: { type: "string" }
  }
}

const invalidRequest = {
  ...problem,
  description: "The request is not valid",
  properties: {
    ...members,
    type: { type: "string", enum: [typeOf("invalid-request")] },
    status: { type: "integer", enum: [400] },
    errors: { type: "array", items: fault }
  }
}
