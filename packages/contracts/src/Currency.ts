import { Schema } from "effect"
import { suggestion } from "./Alternatives.ts"
import { documentedAs } from "./Documented.ts"

// dprint-ignore
const ZeroDecimal = Schema.Literal(
  "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"
)

// dprint-ignore
const TwoDecimal = Schema.Literal(
  "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND",
  "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CVE", "CZK", "DKK", "DOP",
  "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF",
  "IDR", "ILS", "INR", "JMD", "KES", "KGS", "KHR", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL",
  "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD",
  "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SEK", "SGD", "SHP",
  "SLE", "SOS", "SRD", "SZL", "THB", "TJS", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS",
  "WST", "XCD", "YER", "ZAR", "ZMW"
)

const ThreeDecimal = Schema.Literal("BHD", "JOD", "KWD", "OMR", "TND")

/** ISO 4217 and the provider disagree on what one unit of these is on the wire, or on how it is called. */
const disputed: ReadonlySet<unknown> = new Set(["ISK", "MGA", "STN", "UGX"])

const all = [...ZeroDecimal.literals, ...TwoDecimal.literals, ...ThreeDecimal.literals] as const

const ruleFor = (sent: unknown): string =>
  disputed.has(sent)
    ? `must be another currency than ${sent}, which ISO 4217 and the provider count in different units`
    : `must be an ISO 4217 code that the provider charges, such as "EUR"${suggestion(sent, all)}`

/**
 * A currency that can be charged, by its ISO 4217 code in upper case (the provider's wire has it in lower case).
 *
 * ISK, UGX and MGA are left out on purpose: ISO 4217 and the provider disagree on their minor unit, so the same number
 * would be a hundred times more to one of them. So is STN, which the provider knows by its former code and unit.
 *
 * Source: ISO 4217, list one; Stripe, "Supported currencies".
 */
export const Currency = Schema.Literal(...all).annotations({
  ...documentedAs("Currency"),
  message: ({ actual }) => ({ message: ruleFor(actual), override: true })
})
export type Currency = typeof Currency.Type

const zeroDecimal: ReadonlySet<Currency> = new Set(ZeroDecimal.literals)
const threeDecimal: ReadonlySet<Currency> = new Set(ThreeDecimal.literals)

/** How many decimals the currency has: the exponent that turns its major unit into minor ones. */
export const decimals = (currency: Currency): 0 | 2 | 3 =>
  zeroDecimal.has(currency) ? 0 : threeDecimal.has(currency) ? 3 : 2
