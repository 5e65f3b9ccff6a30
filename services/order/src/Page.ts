import { Array, Option, Schema } from "effect"

/** Where a page begins: opaque to its reader, who gets it from the page before. */
export const cursor = <A, I>(position: Schema.Schema<A, I>) =>
  Schema.compose(Schema.StringFromBase64Url, Schema.parseJson(position)).annotations({
    description: "the `nextCursor` of the page before"
  })

/** How many items one page has at most. */
export const Limit = Schema.NumberFromString.pipe(
  Schema.int(),
  Schema.between(1, 100, {
    description: "a whole number from 1 to 100",
    jsonSchema: { type: "integer", minimum: 1, maximum: 100, default: 20 }
  }),
  Schema.optionalWith({ default: () => 20 })
)

/** Some of many items; without `nextCursor`, the last of them. */
export const page = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ items: Schema.Array(item), nextCursor: Schema.optional(Schema.String) })

/** A page of what was found, where one item more than the limit was asked for. */
export const pageOf = <A, Position>(
  found: ReadonlyArray<A>,
  limit: number,
  encode: (position: Position) => string,
  positionOf: (item: A) => Position
): { readonly items: ReadonlyArray<A>; readonly nextCursor?: string } => {
  const items = Array.take(found, limit)
  return Option.match(found.length > limit ? Array.last(items) : Option.none(), {
    onNone: () => ({ items }),
    onSome: (last) => ({ items, nextCursor: encode(positionOf(last)) })
  })
}
