import type { Redacted } from "effect"
import { Effect, Schema } from "effect"
import { catalogue } from "./Catalogue.ts"
import { demand } from "./Shop.ts"

/** Where a running quartet is reached. */
export interface Addresses {
  readonly order: string
  readonly inventory: string
}

const Products = Schema.Struct({ items: Schema.Array(Schema.Struct({ sku: Schema.String })) })

/**
 * Fills an empty shop: prices to the order service, goods to the inventory, both as an operator would. A shop that sells
 * anything else is left alone. What was begun is completed by the next start, and goods arrive once, since each receipt
 * carries a key of its own.
 */
export const seed = Effect.fn("Seed.seed")(function*(at: Addresses, operator: Redacted.Redacted<string>) {
  const { items } = yield* demand({ method: "GET", url: `${at.order}/products` }, Products)
  const known = new Set(items.map(({ sku }) => sku))
  const ours = catalogue.filter(({ sku }) => known.has(sku))
  if (ours.length < known.size) return
  const missing = catalogue.filter(({ sku }) => !known.has(sku))
  yield* Effect.forEach(missing, ({ name, price, sku, stock }) =>
    Effect.gen(function*() {
      yield* demand({
        method: "POST",
        url: `${at.inventory}/stock/${sku}/receipts`,
        token: operator,
        headers: { "Idempotency-Key": `seed-${sku}` },
        body: { quantity: stock }
      }, Schema.Unknown)
      yield* demand(
        { method: "PUT", url: `${at.order}/products/${sku}`, token: operator, body: { name, price } },
        Schema.Unknown
      )
    }), { concurrency: "unbounded", discard: true })
})
