import { Either, Schema } from "effect"
import { Currency, decimals } from "./Currency.ts"
import { AmountOutOfRange, type Money } from "./Money.ts"

/**
 * The most that the provider charges at once, in minor units of any currency: eight digits.
 * Source: Stripe, "Minimum and maximum charge amounts".
 */
export const maximumCharge = 99_999_999

/** A three-decimal amount whose last digit is not 0, which the card networks cannot carry. */
export class AmountTooFine extends Schema.TaggedError<AmountTooFine>()("AmountTooFine", {
  amount: Schema.Int,
  currency: Currency,
  multipleOf: Schema.Int
}) {
  override get message() {
    return `${this.amount} minor units of ${this.currency} are not a multiple of ${this.multipleOf}.`
  }
}

/**
 * The least that the provider charges, in minor units. It lists some currencies; for the others it asks for the worth
 * of its settlement currency's minimum, which no table can know, so they get half a major unit, and half a hundred
 * where there are no decimals.
 * Source: Stripe, "Minimum and maximum charge amounts".
 */
export const minimumCharge = (currency: Currency): number =>
  documentedMinimum[currency] ?? (decimals(currency) === 3 ? 500 : 50)

/** Whether the provider would take this amount at all; asked when an order is placed, not when it is paid. */
export const chargeable = (money: Money): Either.Either<Money, AmountOutOfRange | AmountTooFine> => {
  const minimum = minimumCharge(money.currency)
  if (money.amount < minimum || money.amount > maximumCharge) {
    return Either.left(new AmountOutOfRange({ ...money, minimum, maximum: maximumCharge }))
  }
  return decimals(money.currency) === 3 && money.amount % 10 !== 0
    ? Either.left(new AmountTooFine({ ...money, multipleOf: 10 }))
    : Either.right(money)
}

const documentedMinimum: { readonly [C in Currency]?: number } = {
  AED: 200,
  AUD: 50,
  BGN: 100,
  BRL: 50,
  CAD: 50,
  CHF: 50,
  CZK: 1500,
  DKK: 250,
  EUR: 50,
  GBP: 30,
  HKD: 400,
  HUF: 17_500,
  INR: 50,
  JPY: 50,
  MXN: 1000,
  MYR: 200,
  NOK: 300,
  NZD: 50,
  PLN: 200,
  RON: 200,
  SEK: 300,
  SGD: 50,
  THB: 1000,
  USD: 50
}
