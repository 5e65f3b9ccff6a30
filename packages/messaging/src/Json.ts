import type { DateTime } from "effect"

/** What JSON can say as it is, and moments, which say themselves as RFC 3339 asks for. A field that is undefined is left out. */
export type Json =
  | string
  | number
  | boolean
  | null
  | undefined
  | DateTime.Utc
  | ReadonlyArray<Json>
  | { readonly [name: string]: Json }

/**
 * What we made ourselves as JSON text: an answer, a message, the rows of a statement. Its type has said already what a
 * schema would look for once more, and the look would cost several times what the writing does.
 */
export const textOf = (value: Json): string => JSON.stringify(value)
