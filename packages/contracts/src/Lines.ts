import { Array, Either, Schema } from "effect"
import { documentedAs } from "./Documented.ts"
import { Sku } from "./Ids.ts"
import * as Money from "./Money.ts"
import { Quantity } from "./Quantity.ts"

/** What was ordered, at the price of that moment: a later change of the price list does not reach it. */
export const OrderLine = Schema.Struct({
  sku: Sku,
  name: Schema.NonEmptyString,
  quantity: Quantity,
  unitPrice: Money.Money
}).annotations(documentedAs("OrderLine"))
export type OrderLine = typeof OrderLine.Type

/** What a customer may say of a line; the name and the price are ours. */
export const WantedLine = Schema.Struct({ sku: Sku, quantity: Quantity })
export type WantedLine = typeof WantedLine.Type

/** No order has more lines than this. */
export const mostLines = 50

/** 1 to 50 lines; a SKU that stands on several is ordered once, with the sum of their quantities. */
export const WantedLines = Schema.NonEmptyArray(WantedLine).pipe(
  Schema.maxItems(mostLines, { description: `1 to ${mostLines} lines` })
)

/** What must leave the shelf; who handles stock need not know prices. */
export const StockLine = Schema.Struct({ sku: Sku, quantity: Quantity })
  .annotations(documentedAs("StockLine"))
export type StockLine = typeof StockLine.Type

/** At least one line of stock. */
export const StockLines = Schema.Array(StockLine).pipe(Schema.minItems(1))

/** Quantity times unit price, over all lines. */
export const total = (lines: Array.NonEmptyReadonlyArray<OrderLine>): Either.Either<Money.Money, Money.MoneyError> =>
  Either.flatMap(
    price(Array.headNonEmpty(lines)),
    (first) =>
      Array.tailNonEmpty(lines).reduce<Either.Either<Money.Money, Money.MoneyError>>(
        (before, line) => Either.flatMap(before, (sum) => Either.flatMap(price(line), (more) => Money.add(sum, more))),
        Either.right(first)
      )
  )

/** Quantity times unit price. */
export const price = (line: OrderLine): Either.Either<Money.Money, Money.AmountOutOfRange> =>
  Money.multiply(line.unitPrice, line.quantity)
