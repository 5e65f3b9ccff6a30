/**
 * What Stripe charges in, as its page "Supported currencies" lists it: codes, the zero-decimal ones, the special cases
 * and the amounts in whole units. Nothing here is taken from the product, so that a wrong row on one side shows.
 */

/** Currencies have two decimals unless they are listed below. */
const presented =
  "USD AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY " +
  "COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD " +
  "JPY KES KGS KHR KMF KRW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO " +
  "NOK NPR NZD PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP " +
  "TRY TTD TWD TZS UAH UGX UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"

/** Presented by accounts of some countries only. */
const threeDecimal = "BHD JOD KWD OMR TND"

/** UGX is listed here and among the special cases; the special case is what its API takes. */
const zeroDecimal = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"

/** Two decimals on the wire, which must be `00`. */
const withoutFractions = "ISK UGX"

const minimums =
  "0.50 USD, 2.00 AED, 0.50 ARS, 0.50 AUD, 1.00 BGN, 0.50 BRL, 0.50 CAD, 0.50 CHF, 0.50 COP, 15.00 CZK, " +
  "2.50 DKK, 0.50 EUR, 0.30 GBP, 4.00 HKD, 175.00 HUF, 0.50 IDR, 0.50 ILS, 0.50 INR, 50 JPY, 50 KRW, 10 MXN, 2.00 MYR, " +
  "3.00 NOK, 0.50 NZD, 0.50 PHP, 2.00 PLN, 2.00 RON, 0.50 RUB, 3.00 SEK, 0.50 SGD, 10 THB, 0.50 ZAR"

const maximums = "9999999999.99 IDR, 99999999.99 COP, 9999999.99 INR"

/** Of every other currency, in its smallest unit: eight digits. */
const usualMaximum = 99_999_999

export interface Terms {
  readonly decimals: 0 | 2 | 3
  readonly minimum: number
  readonly maximum: number
  readonly multipleOf: number
}

const decimalsOf = (code: string): Terms["decimals"] => {
  if (threeDecimal.includes(code)) return 3
  return zeroDecimal.includes(code) ? 0 : 2
}

const multipleOf = (code: string): number => {
  if (threeDecimal.includes(code)) return 10
  return withoutFractions.includes(code) ? 100 : 1
}

/** `0.50 USD` is 50 of its smallest unit. */
const amounts = (list: string): ReadonlyMap<string, number> =>
  new Map(
    list.split(", ").map((entry) => {
      const [amount = "", code = ""] = entry.split(" ")
      return [code, Math.round(Number(amount) * 10 ** decimalsOf(code))]
    })
  )

const least = amounts(minimums)
const most = amounts(maximums)

/** By the lower-case code, as it stands on the wire. */
export const terms: ReadonlyMap<string, Terms> = new Map(
  `${presented} ${threeDecimal}`.split(" ").map((code) => [code.toLowerCase(), {
    decimals: decimalsOf(code),
    // Where none is listed, it is the worth of the settlement currency's, which changes daily.
    minimum: least.get(code) ?? 1,
    maximum: most.get(code) ?? usualMaximum,
    multipleOf: multipleOf(code)
  }])
)
