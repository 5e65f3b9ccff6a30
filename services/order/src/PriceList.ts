import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { Sku } from "@quartet/contracts/Ids"
import { Context, Effect, Layer, Schema } from "effect"
import { Product } from "./domain/Pricing.ts"
import { productColumns } from "./ProductRow.ts"

const Excerpt = Schema.Struct({ after: Schema.NullOr(Sku), limit: Schema.Int })
export type Excerpt = typeof Excerpt.Type

/** What is sold, and for how much. A change reaches the orders placed after it, and none before. */
export class PriceList extends Context.Tag("@quartet/order/PriceList")<PriceList, {
  /** In order of their SKUs. */
  readonly list: (excerpt: Excerpt) => Effect.Effect<ReadonlyArray<Product>, SqlError.SqlError>
  /** Adds the product, or gives it this name and price from now on. */
  readonly put: (product: Product) => Effect.Effect<void, SqlError.SqlError>
}>() {}

const makeList = (sql: SqlClient.SqlClient) => {
  const select = SqlSchema.findAll({
    Request: Excerpt,
    Result: Product,
    execute: ({ after, limit }) =>
      sql`SELECT ${sql.literal(productColumns)} FROM products
          WHERE sku > coalesce(${after}::text, '') ORDER BY sku LIMIT ${limit}`
  })
  return Effect.fn("PriceList.list")((excerpt: Excerpt) =>
    select(excerpt).pipe(Effect.catchTag("ParseError", Effect.die))
  )
}

export const layer = Layer.effect(
  PriceList,
  Effect.map(SqlClient.SqlClient, (sql) =>
    PriceList.of({
      list: makeList(sql),
      put: Effect.fn("PriceList.put")(({ name, price, sku }: Product) =>
        sql`
          INSERT INTO products (sku, name, price_amount, price_currency, updated_at)
          VALUES (${sku}, ${name}, ${price.amount}, ${price.currency}, now())
          ON CONFLICT (sku) DO UPDATE SET name = excluded.name, price_amount = excluded.price_amount,
            price_currency = excluded.price_currency, updated_at = excluded.updated_at`.pipe(Effect.asVoid)
      )
    }))
)
