import { assert, describe, it } from "@effect/vitest"
import { chargeable, maximumCharge, minimumCharge } from "@quartet/contracts/Charge"
import { Currency, decimals } from "@quartet/contracts/Currency"
import { terms } from "@quartet/stripe-simulator/Currencies"
import * as Simulated from "@quartet/stripe-simulator/Money"
import { code as ofIso } from "currency-codes"
import { Either } from "effect"

/** Replaced in ISO 4217, and still on the provider's page. */
const former: ReadonlyArray<string> = ["ANG", "BGN"]

/** What ISO 4217 lists and the provider charges, and we do not: they disagree on the minor unit. */
const disputed = ["ISK", "MGA", "UGX"]

/** Where a mistake in a table of either side shows: around each bound, and between two multiples. */
const amountsAround = (currency: Currency) =>
  [minimumCharge(currency), maximumCharge(currency), 99_999_999, 999_999_999, 999_999_999_999, 12_345, 12_340]
    .flatMap((amount) => [amount - 10, amount - 1, amount, amount + 1, amount + 10])
    .filter((amount) => amount > 0)

const codes = Currency.literals.map((currency) => [currency])

describe("the currencies of the product, of ISO 4217 and of the provider's page", () => {
  it.each(codes)("%s has the decimals that ISO 4217 gives it (H186)", (currency) => {
    const listed = ofIso(currency)
    if (listed === undefined) return assert.include(former, currency)
    assert.strictEqual(decimals(currency), listed.digits)
  })

  it.each(codes)("%s has the decimals and the bounds of the provider's page (H184, H185, H186)", (currency) => {
    const theirs = terms.get(currency.toLowerCase())
    if (theirs === undefined) return assert.fail(`The provider does not charge ${currency}.`)
    assert.strictEqual(decimals(currency), theirs.decimals)
    assert.strictEqual(maximumCharge(currency), theirs.maximum - theirs.maximum % theirs.multipleOf)
    // Where the provider lists no minimum, ours is the stricter one.
    if (theirs.minimum > 1) assert.strictEqual(minimumCharge(currency), theirs.minimum)
  })

  it.each(codes)("an amount of %s that the product takes is one that the provider takes (H184, H185)", (currency) => {
    for (const amount of amountsAround(currency)) {
      const theirs = Simulated.chargeable(String(amount), currency.toLowerCase())
      const ours = chargeable({ amount, currency })
      if (Either.isRight(ours)) assert.isTrue(Either.isRight(theirs), `${amount}`)
      if (amount >= minimumCharge(currency)) {
        assert.strictEqual(Either.isRight(ours), Either.isRight(theirs), `${amount}`)
      }
    }
  })

  it("lack none that both ISO 4217 and the provider have, except where their minor units differ (H186)", () => {
    const ours: ReadonlySet<string> = new Set(Currency.literals)
    const missing = [...terms.keys()].map((code) => code.toUpperCase()).filter((code) => !ours.has(code))
    assert.deepStrictEqual(missing.filter((code) => ofIso(code) !== undefined).toSorted(), disputed)
    for (const code of disputed) {
      assert.notStrictEqual(terms.get(code.toLowerCase())?.decimals, ofIso(code)?.digits, code)
    }
  })
})
