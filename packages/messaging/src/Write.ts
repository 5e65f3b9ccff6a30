import type { Statement } from "@effect/sql/Statement"

/**
 * One statement that writes. It does nothing by itself: a transaction sends several of them at once and its COMMIT behind
 * them, which is safe only when it is known before the first is sent that each of them can be.
 */
export interface Write {
  readonly statement: Statement<unknown>
}

export const write = (statement: Statement<unknown>): Write => ({ statement })
