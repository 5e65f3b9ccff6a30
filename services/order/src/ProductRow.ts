import type { Sku } from "@quartet/contracts/Ids"
import { textOf } from "@quartet/messaging/Json"
import { rowsAs } from "@quartet/messaging/transaction/Rows"
import type { Statement } from "@quartet/messaging/transaction/Statement"
import { raw, statement } from "@quartet/messaging/transaction/Statement"
import { Product } from "./domain/Pricing.ts"

/** A row of the price list as a `Product`. */
export const productColumns =
  `sku, name, json_build_object('amount', price_amount, 'currency', price_currency) AS price`

/** Reads those of these SKUs that are on the price list, as they cost now. */
export const selectProducts = (skus: ReadonlyArray<Sku>): Statement =>
  statement`
    SELECT ${raw(productColumns)} FROM products
    WHERE sku = ANY (ARRAY(SELECT value FROM json_array_elements_text(${textOf(skus)}::json)))`

/** What the rows of `selectProducts` hold. */
export const productRows = rowsAs(Product)
