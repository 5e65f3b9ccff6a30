import type { AmountTooFine } from "@quartet/contracts/Charge"
import { chargeable } from "@quartet/contracts/Charge"
import { Sku } from "@quartet/contracts/Ids"
import type { OrderLine, WantedLine } from "@quartet/contracts/Lines"
import * as Lines from "@quartet/contracts/Lines"
import type { MoneyError } from "@quartet/contracts/Money"
import { Money } from "@quartet/contracts/Money"
import { Quantity } from "@quartet/contracts/Quantity"
import { Array, Either, HashMap, Schema } from "effect"
import { MixedCurrencies, QuantityTooLarge, TooManyLines, TotalNotChargeable, UnknownProduct } from "./Rejection.ts"

/** One thing we sell: what it is called and what it costs now. */
export const Product = Schema.Struct({ sku: Sku, name: Schema.NonEmptyString, price: Money })
export type Product = typeof Product.Type

/** The part of the price list that a batch needs. */
export type Products = HashMap.HashMap<Sku, Product>

/** What an order would cost at this moment. */
export interface Priced {
  readonly lines: Array.NonEmptyReadonlyArray<OrderLine>
  readonly total: Money
}

export type PricingRejection = TooManyLines | UnknownProduct | QuantityTooLarge | MixedCurrencies | TotalNotChargeable

/** How large one order may be. */
export interface Sizes {
  /** As they are sent. */
  readonly lines: number
  /** Of one SKU, whatever the lines it stands on. */
  readonly quantity: number
  /** In minor units of whatever currency. */
  readonly total: number
}

/** Prices come from the price list alone. Lines of one SKU become one, in the order of their first mention. */
export const priced = (
  wanted: Array.NonEmptyReadonlyArray<WantedLine>,
  products: Products,
  sizes: Sizes
): Either.Either<Priced, PricingRejection> =>
  Either.gen(function*() {
    if (wanted.length > sizes.lines) {
      return yield* Either.left(new TooManyLines({ lines: wanted.length, maximum: sizes.lines }))
    }
    const counted = yield* Either.all(Array.map(countedBySku(wanted), withinMaximum(sizes.quantity)))
    const unknown = counted.flatMap(({ sku }) => HashMap.has(products, sku) ? [] : [sku])
    if (Array.isNonEmptyArray(unknown)) return yield* Either.left(new UnknownProduct({ skus: unknown }))
    const lines = counted.flatMap(({ quantity, sku }) =>
      Array.fromOption(HashMap.get(products, sku)).map(({ name, price }) => ({ sku, name, quantity, unitPrice: price }))
    )
    if (!Array.isNonEmptyReadonlyArray(lines)) return yield* Either.left(new TotalNotChargeable({ detail: "no lines" }))
    const total = yield* Either.flatMap(Lines.total(lines), chargeable).pipe(
      Either.mapLeft((error) => refusalOf(error, lines))
    )
    if (total.amount > sizes.total) {
      const detail = `${total.amount} minor units of ${total.currency} are more than the ${sizes.total} of one order.`
      return yield* Either.left(new TotalNotChargeable({ detail }))
    }
    return { lines, total }
  })

const countedBySku = (wanted: ReadonlyArray<WantedLine>): ReadonlyArray<readonly [Sku, number]> => {
  const counts = new Map<Sku, number>()
  for (const { quantity, sku } of wanted) counts.set(sku, (counts.get(sku) ?? 0) + quantity)
  return [...counts]
}

const withinMaximum =
  (maximum: number) => ([sku, quantity]: readonly [Sku, number]): Either.Either<WantedLine, QuantityTooLarge> =>
    quantity > maximum
      ? Either.left(new QuantityTooLarge({ sku, quantity, maximum }))
      : Either.right({ sku, quantity: Quantity.make(quantity, true) })

const refusalOf = (error: MoneyError | AmountTooFine, lines: ReadonlyArray<OrderLine>): PricingRejection =>
  error._tag === "CurrencyMismatch"
    ? new MixedCurrencies({ currencies: Array.dedupe(lines.map(({ unitPrice }) => unitPrice.currency)) })
    : new TotalNotChargeable({ detail: error.message })
