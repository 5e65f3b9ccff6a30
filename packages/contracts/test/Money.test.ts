import { assert, describe, it } from "@effect/vitest"
import { Array, Either, FastCheck as fc, Schema } from "effect"
import { chargeable, maximumCharge, minimumCharge, Price } from "../src/Charge.ts"
import { Currency, decimals } from "../src/Currency.ts"
import { Sku } from "../src/Ids.ts"
import { OrderLine, total } from "../src/Lines.ts"
import * as Money from "../src/Money.ts"
import { Quantity } from "../src/Quantity.ts"

const eur = (amount: number): Money.Money => ({ amount, currency: "EUR" })
const jpy = (amount: number): Money.Money => ({ amount, currency: "JPY" })
const money = (amount: number, currency: Currency): Money.Money => ({ amount, currency })

const amounts = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(99_999_999),
  fc.nat(1000).map((below) => Money.maximumAmount - below)
)
const quantities = fc.integer({ min: 1, max: 1000 }).map((units) => Quantity.make(units))
const monies = amounts.map(eur)

/** The same reckoning in integers without a limit. */
const exactly = (expected: bigint) => (actual: Either.Either<Money.Money, Money.MoneyError>) =>
  Either.match(actual, {
    onRight: ({ amount }) => assert.strictEqual(BigInt(amount), expected),
    onLeft: (error) => {
      assert.strictEqual(error._tag, "AmountOutOfRange")
      assert.isTrue(expected < 0n || expected > BigInt(Money.maximumAmount), `${expected} was refused`)
    }
  })

describe("Money", () => {
  it.prop(
    "adds exactly, or refuses what cannot be kept (H163, H180)",
    [monies, monies],
    ([a, b]) => exactly(BigInt(a.amount) + BigInt(b.amount))(Money.add(a, b))
  )

  it.prop(
    "subtracts exactly, and never to less than nothing",
    [monies, monies],
    ([a, b]) => exactly(BigInt(a.amount) - BigInt(b.amount))(Money.subtract(a, b))
  )

  it.prop(
    "multiplies exactly, or refuses what cannot be kept (H184)",
    [monies, quantities],
    ([price, quantity]) => exactly(BigInt(price.amount) * BigInt(quantity))(Money.multiply(price, quantity))
  )

  it.prop("sums exactly, in any order", [fc.array(monies, { minLength: 1, maxLength: 20 })], ([all]) => {
    if (!Array.isNonEmptyReadonlyArray(all)) return assert.fail("at least one amount is generated")
    const expected = all.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
    exactly(expected)(Money.sum(all))
    assert.deepStrictEqual(Either.isRight(Money.sum(Array.reverse(all))), Either.isRight(Money.sum(all)))
  })

  it.prop(
    "gives back what was added when it is taken away again",
    [fc.nat(99_999_999), fc.nat(99_999_999)],
    ([a, b]) => {
      const there = Either.getOrThrow(Money.add(eur(a), eur(b)))
      assert.deepStrictEqual(Either.getOrThrow(Money.subtract(there, eur(b))), eur(a))
    }
  )

  it.prop("multiplies as it adds", [fc.nat(99_999_999), fc.integer({ min: 1, max: 50 })], ([amount, times]) => {
    const added = Money.sum(Array.makeBy(times, () => eur(amount)))
    assert.deepStrictEqual(
      Either.getOrThrow(added),
      Either.getOrThrow(Money.multiply(eur(amount), Quantity.make(times)))
    )
  })

  it.prop("survives JSON unchanged (H180)", [Money.Money], ([any]) => {
    const Json = Schema.parseJson(Money.Money)
    assert.deepStrictEqual(Schema.decodeSync(Json)(Schema.encodeSync(Json)(any)), any)
  })

  it.prop("reads back from what it shows", [amounts, Currency], ([amount, currency]) => {
    const shown = Money.format(money(amount, currency))
    const places = decimals(currency)
    assert.match(shown, new RegExp(places === 0 ? `^\\d+ ${currency}$` : `^\\d+\\.\\d{${places}} ${currency}$`))
    assert.strictEqual(Number(shown.replace(/\D/g, "")), amount)
  })

  it("shows an amount with its currency's own decimals (H186)", () => {
    assert.strictEqual(Money.format(eur(1250)), "12.50 EUR")
    assert.strictEqual(Money.format(eur(5)), "0.05 EUR")
    assert.strictEqual(Money.format(eur(0)), "0.00 EUR")
    assert.strictEqual(Money.format(jpy(1250)), "1250 JPY")
    assert.strictEqual(Money.format(money(1250, "KWD")), "1.250 KWD")
    assert.strictEqual(Money.format(eur(Money.maximumAmount)), "90071992547409.91 EUR")
  })

  it("keeps currencies apart (H187)", () => {
    for (
      const mixed of [Money.add(eur(1), jpy(1)), Money.subtract(eur(1), jpy(1)), Money.sum([eur(1), eur(2), jpy(1)])]
    ) {
      assert.deepStrictEqual(mixed, Either.left(new Money.CurrencyMismatch({ expected: "EUR", actual: "JPY" })))
    }
  })

  it("says which limits an amount broke (H163)", () => {
    assert.deepStrictEqual(
      Money.subtract(eur(1), eur(2)),
      Either.left(new Money.AmountOutOfRange({ amount: -1, currency: "EUR", minimum: 0, maximum: 2 ** 53 - 1 }))
    )
  })

  it.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "100", null])(
    "refuses an amount of %s",
    (amount) => {
      assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(Money.Money)({ amount, currency: "EUR" })))
    }
  )

  it.each(["eur", "EURO", "", "XXX", "ISK", "UGX", "MGA", "STN", "toString", 978])(
    "refuses %s as a currency (H186)",
    (currency) => {
      assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(Money.Money)({ amount: 1, currency })))
    }
  )

  it("lists every currency once", () => {
    assert.strictEqual(new Set(Currency.literals).size, Currency.literals.length)
  })
})

describe("Lines", () => {
  const line = (amount: number, quantity: number, currency: Currency = "EUR") =>
    OrderLine.make({
      sku: Sku.make("TEA"),
      name: "Tea",
      quantity: Quantity.make(quantity),
      unitPrice: money(amount, currency)
    })

  it("totals quantity times unit price over all lines (H186)", () => {
    assert.deepStrictEqual(total([line(890, 2), line(5900, 1)]), Either.right(eur(7680)))
    assert.deepStrictEqual(total([line(333, 3, "KWD")]), Either.right(money(999, "KWD")))
  })

  it("has no total for two currencies (H187)", () => {
    assert.strictEqual(Either.getOrThrow(Either.flip(total([line(1, 1), line(1, 1, "JPY")])))._tag, "CurrencyMismatch")
  })

  it("has no total beyond what can be kept (H184)", () => {
    assert.strictEqual(Either.getOrThrow(Either.flip(total([line(Money.maximumAmount, 2)])))._tag, "AmountOutOfRange")
  })
})

describe("Charge", () => {
  it.prop(
    "takes exactly what lies between the provider's limits (H184, H185)",
    [fc.oneof(fc.nat(200_000_000), fc.nat(2_000_000_000_000)), Currency],
    ([amount, currency]) => {
      const whole = money(decimals(currency) === 3 ? amount - amount % 10 : amount, currency)
      const within = whole.amount >= minimumCharge(currency) && whole.amount <= maximumCharge(currency)
      assert.strictEqual(Either.isRight(chargeable(whole)), within)
    }
  )

  it("takes the limits themselves and nothing beyond them (H184, H185)", () => {
    const limits = { currency: "EUR", minimum: 50, maximum: 99_999_999 } satisfies Partial<Money.AmountOutOfRange>
    const outside = (amount: number) => Either.left(new Money.AmountOutOfRange({ amount, ...limits }))
    assert.deepStrictEqual(chargeable(eur(0)), outside(0))
    assert.deepStrictEqual(chargeable(eur(49)), outside(49))
    assert.deepStrictEqual(chargeable(eur(50)), Either.right(eur(50)))
    assert.deepStrictEqual(chargeable(eur(99_999_999)), Either.right(eur(99_999_999)))
    assert.deepStrictEqual(chargeable(eur(100_000_000)), outside(100_000_000))
  })

  it("asks the documented minimum of a currency that has one (H185)", () => {
    const minimums = ["GBP", "JPY", "HUF", "USD"].map((code) => minimumCharge(Schema.decodeUnknownSync(Currency)(code)))
    assert.deepStrictEqual(minimums, [30, 50, 17_500, 50])
  })

  it.each(
    [
      ["EUR", 99_999_999],
      ["JPY", 99_999_999],
      ["KWD", 99_999_990],
      ["INR", 999_999_999],
      ["COP", 9_999_999_999],
      ["IDR", 999_999_999_999]
    ] as const
  )("takes the most of %s that has the provider's digits, %i, and one step more never (H184)", (currency, most) => {
    assert.strictEqual(maximumCharge(currency), most)
    assert.isTrue(Either.isRight(chargeable(money(most, currency))))
    assert.isTrue(Either.isLeft(chargeable(money(most + (decimals(currency) === 3 ? 10 : 1), currency))))
    const decode = Schema.decodeUnknownEither(Price)
    assert.isTrue(Either.isRight(decode(money(most, currency))))
    assert.isTrue(Either.isLeft(decode(money(most + 1, currency))))
  })

  it("refuses three decimals that cards cannot carry (H186)", () => {
    assert.isTrue(Either.isRight(chargeable(money(1250, "KWD"))))
    assert.strictEqual(Either.getOrThrow(Either.flip(chargeable(money(1255, "KWD"))))._tag, "AmountTooFine")
  })
})
