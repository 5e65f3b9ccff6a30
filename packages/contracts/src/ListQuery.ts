import { DateTime, Schema } from "effect"
import { Moment } from "./Moment.ts"
import { OrderStatus } from "./OrderStatus.ts"
import { Cursor, Limit } from "./Page.ts"

const Asked = Schema.Struct({
  status: Schema.optional(OrderStatus),
  placedAfter: Schema.optional(Moment).annotations({
    description: "only orders placed at this moment or later (RFC 3339; a `+` in a URL is `%2B`)"
  }),
  placedBefore: Schema.optional(Moment).annotations({
    description: "only orders placed before this moment, which itself is left out (RFC 3339)"
  }),
  cursor: Schema.optional(Cursor),
  limit: Limit
})

/** What a list leaves out. */
export type Filters = Pick<typeof Asked.Type, "status" | "placedAfter" | "placedBefore">

/** Which orders are asked for, and from where on. */
export const ListQuery = Asked.pipe(
  Schema.filter(({ placedAfter, placedBefore }) =>
    placedAfter === undefined || placedBefore === undefined || DateTime.lessThan(placedAfter, placedBefore)
      ? undefined
      : { path: ["placedBefore"], message: "Expected a moment after placedAfter" }
  )
)
