import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"

/** A moment in UTC, as text. Source: RFC 3339, §5.6, with the offset always `Z`. */
export const Timestamp = Schema.String.pipe(
  Schema.pattern(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/, {
    identifier: "Timestamp",
    description: "an RFC 3339 date and time in UTC"
  })
).annotations(documentedAs("Timestamp"))
export type Timestamp = typeof Timestamp.Type
