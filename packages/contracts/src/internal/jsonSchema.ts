import { Predicate } from "effect"

/** Any object that can be written as JSON. */
export type Json = Readonly<Record<string, unknown>>

/** What the library names and nobody else needs a name for. */
const builtIn = ["Int", "NonEmptyString"]
const builtInRef = new RegExp(`^#/components/schemas/(${builtIn.join("|")})$`)

/**
 * JSON Schemas as a reader wants them: the library's own names inlined, since draft 07 ignores whatever stands beside a
 * `$ref`, and without the titles and ids that only repeat a rule.
 */
export const plain = (schemas: Json): Json => {
  const readable = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(readable)
    if (!Predicate.isReadonlyRecord(value)) return value
    const { $id: _, $ref, title, ...rest } = value
    const own = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, readable(inner)]))
    // A property may be called `title`; then it is a schema and no text.
    const kept = typeof title === "string" || title === undefined ? own : { title: readable(title), ...own }
    if (typeof $ref !== "string") return kept
    const named = builtInRef.exec($ref)?.[1]
    const inlined = named === undefined ? undefined : readable(schemas[named])
    return Predicate.isReadonlyRecord(inlined) ? { ...inlined, ...kept } : { $ref, ...kept }
  }
  return Object.fromEntries(
    Object.entries(schemas).flatMap(([name, schema]) => builtIn.includes(name) ? [] : [[name, readable(schema)]])
  )
}
