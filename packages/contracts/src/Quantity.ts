import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"

/** How many units of one thing: 1 to 1000. */
export const Quantity = Schema.Int.pipe(
  Schema.between(1, 1000, { identifier: "Quantity", description: "a whole number from 1 to 1000" }),
  Schema.brand("Quantity")
).annotations(documentedAs("Quantity"))
export type Quantity = typeof Quantity.Type
