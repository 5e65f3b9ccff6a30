import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"

/** No order has more of one thing than this. */
export const mostOfOne = 1000

/** How many units of one thing: 1 to 1000. */
export const Quantity = Schema.Int.pipe(
  Schema.between(1, mostOfOne, { identifier: "Quantity", description: `a whole number from 1 to ${mostOfOne}` }),
  Schema.brand("Quantity")
).annotations(documentedAs("Quantity"))
export type Quantity = typeof Quantity.Type
