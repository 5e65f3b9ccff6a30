import { Either } from "effect"
import { positive, type Read } from "./Params.ts"
import { invalid } from "./WireError.ts"

/** The largest amount of one charge, in minor units: eight digits. */
const maximum = 99_999_999

/** The least that Stripe charges, in minor units, where it is not 1. Source: Stripe's table of minimum charge amounts. */
const minimum: ReadonlyMap<string, number> = new Map([
  ["usd", 50],
  ["eur", 50],
  ["gbp", 30],
  ["chf", 50],
  ["cad", 50],
  ["aud", 50],
  ["jpy", 50],
  ["sek", 300],
  ["nok", 300],
  ["dkk", 250],
  ["pln", 200]
])

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency").map((code) => code.toLowerCase()))

/** The ISO 4217 code in lower case, as Stripe answers it. */
export const currency = (text: string): Read<string> =>
  currencies.has(text.toLowerCase())
    ? Either.right(text.toLowerCase())
    : Either.left(invalid(`Invalid currency: ${text.toLowerCase()}.`, { param: "currency" }))

/** An amount that a card can be charged, in minor units. */
export const chargeable = (text: string, code: string): Read<number> =>
  Either.flatMap(positive("amount", text), (amount) => {
    const least = minimum.get(code) ?? 1
    if (amount < least) {
      return Either.left(invalid(`Amount must be at least ${format(least, code)} ${code}`, {
        code: "amount_too_small",
        param: "amount"
      }))
    }
    return amount > maximum
      ? Either.left(invalid(`Amount must be no more than ${format(maximum, code)} ${code}`, {
        code: "amount_too_large",
        param: "amount"
      }))
      : Either.right(amount)
  })

/** `$11.00`, as Stripe's messages write it. */
export const format = (amount: number, code: string): string => {
  const formatter = new Intl.NumberFormat("en-US", { style: "currency", currency: code })
  return formatter.format(amount / 10 ** (formatter.resolvedOptions().maximumFractionDigits ?? 2))
}
