import { Schema } from "effect"

/** Where a page begins: opaque to its reader, who gets it from the page before. */
export const Cursor = Schema.String.annotations({ description: "the `nextCursor` of the page before" })

/** How many items a page has that nobody said more of. */
export const usualLimit = 20

/** How many items one page has at most. */
export const Limit = Schema.NumberFromString.pipe(
  Schema.int(),
  Schema.between(1, 100, {
    description: "a whole number from 1 to 100",
    jsonSchema: { type: "integer", minimum: 1, maximum: 100, default: usualLimit }
  }),
  Schema.optional
)

/** Some of many items; without `nextCursor`, the last of them. */
export const page = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ items: Schema.Array(item), nextCursor: Schema.optional(Schema.String) })
