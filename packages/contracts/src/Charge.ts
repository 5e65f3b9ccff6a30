import { Either, Schema } from "effect"
import { Currency, decimals } from "./Currency.ts"
import { AmountOutOfRange, format, Money } from "./Money.ts"

/**
 * How many digits an amount may have, in minor units, whatever the customer pays with: eight, and more for these. Most
 * cards carry twelve, but the payment method is not known when an order is placed.
 * Source: Stripe, "Supported currencies", maximum charge amounts.
 */
const digits: { readonly [C in Currency]?: number } = { COP: 10, IDR: 12, INR: 9 }

/** The card networks carry no more than two decimals: the last of three must be 0. Source: Stripe, "Supported currencies". */
const multipleOf = (currency: Currency): number => decimals(currency) === 3 ? 10 : 1

/** The most that the provider charges at once, in minor units. */
export const maximumCharge = (currency: Currency): number => 10 ** (digits[currency] ?? 8) - multipleOf(currency)

/** The most that it charges in any currency. */
export const highestCharge = maximumCharge("IDR")

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
 * Source: Stripe, "Supported currencies", minimum charge amounts.
 */
export const minimumCharge = (currency: Currency): number =>
  documentedMinimum[currency] ?? (decimals(currency) === 3 ? 500 : 50)

/** Whether the provider would take this amount at all; asked when an order is placed, not when it is paid. */
export const chargeable = (money: Money): Either.Either<Money, AmountOutOfRange | AmountTooFine> => {
  const minimum = minimumCharge(money.currency)
  const maximum = maximumCharge(money.currency)
  if (money.amount < minimum || money.amount > maximum) {
    return Either.left(new AmountOutOfRange({ ...money, minimum, maximum }))
  }
  const multiple = multipleOf(money.currency)
  return money.amount % multiple === 0
    ? Either.right(money)
    : Either.left(new AmountTooFine({ ...money, multipleOf: multiple }))
}

/**
 * The price of one unit. It may be less than the least charge, since several units, or other lines, can make up for it;
 * above the most, no order with it could ever be charged.
 */
export const Price = Money.pipe(Schema.filter(({ amount, currency }) => {
  const maximum = maximumCharge(currency)
  if (amount <= maximum) return undefined
  const shown = format({ amount: maximum, currency })
  return {
    path: ["amount"],
    message: `must be at most ${maximum} (${shown}), the most that the provider charges at once`
  }
}, { jsonSchema: {} }))

const documentedMinimum: { readonly [C in Currency]?: number } = {
  AED: 200,
  ARS: 50,
  AUD: 50,
  BGN: 100,
  BRL: 50,
  CAD: 50,
  CHF: 50,
  COP: 50,
  CZK: 1500,
  DKK: 250,
  EUR: 50,
  GBP: 30,
  HKD: 400,
  HUF: 17_500,
  IDR: 50,
  ILS: 50,
  INR: 50,
  JPY: 50,
  KRW: 50,
  MXN: 1000,
  MYR: 200,
  NOK: 300,
  NZD: 50,
  PHP: 50,
  PLN: 200,
  RON: 200,
  RUB: 50,
  SEK: 300,
  SGD: 50,
  THB: 1000,
  USD: 50,
  ZAR: 50
}
