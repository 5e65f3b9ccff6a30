import type { Stock } from "./State.ts"

/** What of a SKU there is, by one of the books, in units. */
export type Count = Pick<Stock, "received" | "onHand" | "reserved">

/** A SKU by all three books: its level, the movements of its ledger added up, and what orders hold and have taken. */
export interface Account {
  readonly sku: Stock["sku"]
  readonly level: Count
  readonly ledger: Count
  readonly held: number
  readonly taken: number
}

/**
 * `Recounted`: the level was changed past its ledger, and becomes what the ledger says. `Unclear`: ledger and orders contradict
 * each other, and only who counts the shelf can tell which of them is right.
 */
export type Verdict =
  | { readonly _tag: "Agreed" }
  | { readonly _tag: "Recounted"; readonly to: Count }
  | { readonly _tag: "Unclear" }

/** A level is nothing but the sum of its movements, so the ledger is believed, unless the orders say otherwise. */
export const judge = ({ held, ledger, level, taken }: Account): Verdict => {
  const { onHand, received, reserved } = ledger
  if (reserved !== held || received - onHand !== taken || reserved > onHand) return { _tag: "Unclear" }
  const agrees = level.received === received && level.onHand === onHand && level.reserved === reserved
  return agrees ? { _tag: "Agreed" } : { _tag: "Recounted", to: ledger }
}
