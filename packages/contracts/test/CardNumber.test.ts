import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { holdsCardNumber } from "../src/CardNumber.ts"

/** By the numbers that the networks publish for tests. */
const numbers = [
  "4242424242424242",
  "4000000000000002",
  "5555555555554444",
  "2223003122003222",
  "378282246310005",
  "30569309025904",
  "36227206271667",
  "6011111111111117",
  "3566002020360505",
  "6200000000000005",
  "6205500000000000004",
  "6759649826438453",
  "4222222222222"
]

const separators = [
  " ",
  "-",
  ".",
  "_",
  "/",
  "  ",
  " - ",
  "\u00a0",
  "\u2009",
  "\u202f",
  "\u2010",
  "\u2011",
  "\u2013",
  "\u2014",
  "\u2212",
  "\u00b7",
  "\u2022",
  "\u200b",
  "\u2060",
  "\ufeff",
  "\u00ad",
  "\n",
  "\t",
  ":",
  ",",
  "+",
  "*"
]

const digitsOf = (zero: number) => (text: string) =>
  text.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

const scripts: ReadonlyArray<readonly [string, number]> = [
  ["full-width", 0xff10],
  ["Arabic", 0x660],
  ["Persian", 0x6f0],
  ["Devanagari", 0x966],
  ["Thai", 0xe50],
  ["mathematical", 0x1d7ce],
  ["mathematical monospace", 0x1d7f6]
]

const inGroups = (number: string, size: number, separator: string) =>
  (number.match(new RegExp(`.{1,${size}}`, "g")) ?? []).join(separator)

describe("a card number", () => {
  it.each(numbers)("is known as a whole and as a part: %s (H195)", (number) => {
    for (const text of [number, `pm_${number}`, `a ${number} b`, `card:${number}.`, `x${number}y`, `(${number})`]) {
      assert.isTrue(holdsCardNumber(text), text)
    }
  })

  it.each(separators.map((separator) => [separator]))("is known in groups with %j between them (H195)", (separator) => {
    for (const size of [1, 2, 3, 4, 6]) {
      const written = inGroups("4242424242424242", size, separator)
      assert.isTrue(holdsCardNumber(written), written)
      assert.isTrue(holdsCardNumber(`order 7: ${written}, thanks`), written)
    }
    assert.isTrue(holdsCardNumber(["3782", "822463", "10005"].join(separator)))
    assert.isTrue(holdsCardNumber(["2026", "12", "01", "4242", "4242", "4242", "4242", "12", "34"].join(separator)))
  })

  it.each(scripts)("is known in %s digits (H195)", (_, zero) => {
    const written = digitsOf(zero)
    assert.isTrue(holdsCardNumber(written("4242424242424242")))
    assert.isTrue(holdsCardNumber(written("4242 4242 4242 4242")))
    assert.isFalse(holdsCardNumber(written("4242424242424241")))
  })

  it.each([
    "",
    "4242424242424241",
    "4242 4242 4242 4241",
    "1700000000000",
    "1764590000000",
    "20241201123045",
    "202412011230",
    "2024-12-01T12:30:45.123Z",
    "424242424242",
    "42424242424242424242",
    "pm_card_visa",
    "pm_1PgrXYLkdIwHu7ixR5cRcLwD",
    "+49 30 901820",
    "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10",
    "42424242-4242-4242-8242-424242424242",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    // An article number that passes both check digits.
    "4006381333931",
    "order-7",
    "a cup broke",
    "100 cups at 12.50 EUR, 3 boxes of 24"
  ])("is not seen in %j", (text) => {
    assert.isFalse(holdsCardNumber(text))
  })

  it("is not seen in any id that is made here or by a client's library", () => {
    for (let count = 0; count < 20_000; count++) {
      for (const id of [randomUUID(), `order-${randomUUID()}`, randomBytes(16).toString("hex")]) {
        assert.isFalse(holdsCardNumber(id), id)
      }
    }
  })

  it.prop("ends in time, whatever the text", [fc.string({ unit: "grapheme", maxLength: 5000 })], ([text]) => {
    assert.isBoolean(holdsCardNumber(text))
  })

  it("costs a long text of digits in groups no more than its length (H198)", () => {
    const began = performance.now()
    holdsCardNumber("2 ".repeat(32_000))
    holdsCardNumber("\u0664 ".repeat(32_000))
    assert.isBelow(performance.now() - began, 2000)
  })
})
