import { OrderStatus } from "@quartet/contracts/OrderStatus"
import { DateTime, Schema } from "effect"
import { Moment } from "./Moment.ts"
import { cursor, Limit } from "./Page.ts"
import { ListPosition } from "./Views.ts"

/** Where a list goes on, and which list that is: a cursor of another one would leave orders out without a word. */
export const ListCursor = cursor(Schema.Struct({ ...ListPosition.fields, of: Schema.String }))

const Asked = Schema.Struct({
  status: Schema.optional(OrderStatus),
  placedAfter: Schema.optional(Moment).annotations({
    description: "only orders placed at this moment or later (RFC 3339; a `+` in a URL is `%2B`)"
  }),
  placedBefore: Schema.optional(Moment).annotations({
    description: "only orders placed before this moment, which itself is left out (RFC 3339)"
  }),
  cursor: Schema.optional(ListCursor),
  limit: Limit
})

/** What a list leaves out. */
export type Filters = Pick<typeof Asked.Type, "status" | "placedAfter" | "placedBefore">

/** Filters as one text, the same for those that mean the same. */
export const nameOf = ({ placedAfter, placedBefore, status }: Filters): string =>
  [
    status ?? "",
    ...[placedAfter, placedBefore].map((moment) => moment === undefined ? "" : DateTime.formatIso(moment))
  ]
    .join(" ")

/** Which orders are asked for, and from where on. */
export const ListQuery = Asked.pipe(Schema.filter((asked) => {
  const { cursor, placedAfter, placedBefore } = asked
  if (placedAfter !== undefined && placedBefore !== undefined && !DateTime.lessThan(placedAfter, placedBefore)) {
    return { path: ["placedBefore"], message: "Expected a moment after placedAfter" }
  }
  return cursor === undefined || cursor.of === nameOf(asked)
    ? undefined
    : { path: ["cursor"], message: "Expected the nextCursor of a page with the same filters" }
}))
