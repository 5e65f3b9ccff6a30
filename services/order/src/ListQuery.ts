import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type { Filters } from "@quartet/contracts/ListQuery"
import { DateTime, Effect, Schema } from "effect"
import { cursor } from "./Page.ts"
import { ListPosition } from "./Views.ts"

/** Where a list goes on, and which list that is: a cursor of another one would leave orders out without a word. */
export const ListCursor = cursor(Schema.Struct({ ...ListPosition.fields, of: Schema.String }))

/** Filters as one text, the same for those that mean the same. */
export const nameOf = ({ placedAfter, placedBefore, status }: Filters): string =>
  [
    status ?? "",
    ...[placedAfter, placedBefore].map((moment) => moment === undefined ? "" : DateTime.formatIso(moment))
  ]
    .join(" ")

const Beginning = Schema.Struct({ cursor: Schema.optional(ListCursor), of: Schema.String }).pipe(
  Schema.filter(({ cursor, of }) =>
    cursor === undefined || cursor.of === of
      ? undefined
      : { path: ["cursor"], message: "Expected the nextCursor of a page with the same filters" }
  )
)
const decode = Schema.decode(Beginning)

/** Where the list with these filters goes on, if not with the newest order. */
export const beginningOf = (filters: Filters, cursor: string | undefined) =>
  decode({ cursor, of: nameOf(filters) }).pipe(
    Effect.map(({ cursor }) => cursor),
    Effect.catchTag("ParseError", HttpApiDecodeError.refailParseError)
  )
