import { type Array, Either, Schema } from "effect"
import { Currency, decimals } from "./Currency.ts"
import { documentedAs } from "./Documented.ts"
import type { Quantity } from "./Quantity.ts"

/** The largest amount, in minor units, that survives a JSON number unchanged: 2^53 - 1. */
export const maximumAmount = Number.MAX_SAFE_INTEGER

/** A whole number of minor units (cents for EUR, yen for JPY, fils for KWD), never negative, and its currency. */
export const Money = Schema.Struct({
  amount: Schema.Int.pipe(Schema.between(0, maximumAmount)),
  currency: Currency
}).annotations(documentedAs("Money"))
export type Money = typeof Money.Type

/** Money of which there is some. */
export const SomeMoney = Money.pipe(
  Schema.filter(({ amount }) => amount > 0 || { path: ["amount"], message: "must be above 0" }, { jsonSchema: {} })
)

/** Two currencies met in one sum; we exchange nothing. */
export class CurrencyMismatch extends Schema.TaggedError<CurrencyMismatch>()("CurrencyMismatch", {
  expected: Currency,
  actual: Currency
}) {
  override get message() {
    return `${this.actual} cannot be reckoned with ${this.expected}.`
  }
}

/** An amount, in minor units, outside what can be kept or charged. Above 2^53 it is itself only approximate. */
export class AmountOutOfRange extends Schema.TaggedError<AmountOutOfRange>()("AmountOutOfRange", {
  amount: Schema.Number,
  currency: Currency,
  minimum: Schema.Int,
  maximum: Schema.Int
}) {
  override get message() {
    return `${this.amount} minor units of ${this.currency} are not within ${this.minimum} and ${this.maximum}.`
  }
}

/** Why a reckoning has no result. */
export type MoneyError = CurrencyMismatch | AmountOutOfRange

/** The sum of both. */
export const add = (left: Money, right: Money): Either.Either<Money, MoneyError> =>
  Either.flatMap(sameCurrency(left, right), () => checked(left.amount + right.amount, left.currency))

/** What is left of the first after the second is taken; never less than nothing. */
export const subtract = (left: Money, right: Money): Either.Either<Money, MoneyError> =>
  Either.flatMap(sameCurrency(left, right), () => checked(left.amount - right.amount, left.currency))

/** The price of so many. */
export const multiply = (price: Money, quantity: Quantity): Either.Either<Money, AmountOutOfRange> =>
  checked(price.amount * quantity, price.currency)

/** The sum of all; of nothing there is none, since nothing has no currency. */
export const sum = (monies: Array.NonEmptyReadonlyArray<Money>): Either.Either<Money, MoneyError> => {
  const [first, ...rest] = monies
  return rest.reduce<Either.Either<Money, MoneyError>>(
    (total, money) => Either.flatMap(total, (before) => add(before, money)),
    Either.right(first)
  )
}

/** As a person reads it, in whole units with the currency's own decimals: `12.50 EUR`, `1250 JPY`, `1.250 KWD`. */
export const format = (money: Money): string => {
  const places = decimals(money.currency)
  if (places === 0) return `${money.amount} ${money.currency}`
  const digits = String(money.amount).padStart(places + 1, "0")
  return `${digits.slice(0, -places)}.${digits.slice(-places)} ${money.currency}`
}

const sameCurrency = (left: Money, right: Money): Either.Either<void, CurrencyMismatch> =>
  left.currency === right.currency
    ? Either.void
    : Either.left(new CurrencyMismatch({ expected: left.currency, actual: right.currency }))

// Doubles suffice: a true result up to 2^53 - 1 is exact, and a greater one rounds to 2^53 or more and is refused.
const checked = (amount: number, currency: Currency): Either.Either<Money, AmountOutOfRange> =>
  amount >= 0 && amount <= maximumAmount
    ? Either.right({ amount, currency })
    : Either.left(new AmountOutOfRange({ amount, currency, minimum: 0, maximum: maximumAmount }))
