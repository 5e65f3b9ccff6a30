import type { Schema as S } from "effect"
import { Schema } from "effect"
import type { Rows } from "./Transaction.ts"

/**
 * Reads rows that we wrote ourselves. The decoder is made once; what it cannot read is a bug, and throws.
 */
export const rowsAs = <A, I>(schema: S.Schema<A, I>): (rows: Rows) => ReadonlyArray<A> =>
  Schema.decodeUnknownSync(Schema.Array(schema))
