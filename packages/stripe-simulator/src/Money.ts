import { Either } from "effect"
import { terms } from "./Currencies.ts"
import { positive, type Read } from "./Params.ts"
import { invalid } from "./WireError.ts"

/** The ISO 4217 code in lower case, as Stripe answers it. */
export const currency = (text: string): Read<string> =>
  terms.has(text.toLowerCase())
    ? Either.right(text.toLowerCase())
    : Either.left(invalid(`Invalid currency: ${text.toLowerCase()}.`, { param: "currency" }))

/** An amount that can be charged, in the currency's smallest unit. */
export const chargeable = (text: string, code: string): Read<number> =>
  Either.flatMap(positive("amount", text), (amount) => {
    const { maximum, minimum, multipleOf } = terms.get(code) ?? anyCurrency
    if (amount < minimum) {
      return Either.left(invalid(`Amount must be at least ${format(minimum, code)} ${code}`, {
        code: "amount_too_small",
        param: "amount"
      }))
    }
    if (amount > maximum) {
      return Either.left(invalid(`Amount must be no more than ${format(maximum, code)} ${code}`, {
        code: "amount_too_large",
        param: "amount"
      }))
    }
    return amount % multipleOf === 0
      ? Either.right(amount)
      : Either.left(
        invalid(`Invalid amount: amounts in ${code} must be divisible by ${multipleOf}.`, { param: "amount" })
      )
  })

const anyCurrency = { decimals: 2, minimum: 1, maximum: 99_999_999, multipleOf: 1 }

/** `$11.00`, as Stripe's messages write it. */
export const format = (amount: number, code: string): string => {
  const { decimals } = terms.get(code) ?? anyCurrency
  const formatter = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: code,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals
  })
  return formatter.format(amount / 10 ** decimals)
}
