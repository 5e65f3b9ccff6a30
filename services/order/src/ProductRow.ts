import type { SqlClient, SqlError } from "@effect/sql"
import { SqlSchema } from "@effect/sql"
import { Sku } from "@quartet/contracts/Ids"
import { Effect, Schema } from "effect"
import { Product } from "./domain/Pricing.ts"

/** A row of the price list as a `Product`. */
export const productColumns =
  `sku, name, json_build_object('amount', price_amount, 'currency', price_currency) AS price`

/** Those of these SKUs that are on the price list, as they cost now. */
export const findProducts = (
  sql: SqlClient.SqlClient
): (skus: ReadonlyArray<Sku>) => Effect.Effect<ReadonlyArray<Product>, SqlError.SqlError> => {
  const select = SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(Sku)),
    Result: Product,
    execute: (skus) =>
      sql`SELECT ${sql.literal(productColumns)} FROM products
          WHERE sku = ANY (ARRAY(SELECT value FROM json_array_elements_text(${skus}::json)))`
  })
  return (skus) => select(skus).pipe(Effect.catchTag("ParseError", Effect.die)) // we wrote these rows
}
