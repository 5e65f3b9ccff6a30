/**
 * Whether the text holds what looks like a card number: 12 to 19 digits that begin as the card networks' do and pass their
 * check digit, in a row or in groups, as the whole text or as a part of it. Such a text is refused or replaced before it is
 * kept or logged. What is known to be another kind of number is passed over: UUIDs, hexadecimal digests, and the article
 * numbers of goods (GTIN), of which one in ten would pass by chance.
 *
 * Source: ISO/IEC 7812-1 (number ranges 2 to 6 are cards; annex B, the Luhn check).
 */
export const holdsCardNumber = (text: string): boolean => {
  if (!hasTwelveDigits(text)) return false
  const plain = asciiDigits(text).replaceAll(identifiers, "x")
  return [...plain.matchAll(/\d+(?:[^\p{L}\p{N}]{1,3}\d+)*/gu)].some(([written]) => holdsCard(written.split(/\D+/)))
}

/** The rule for a filter of a schema, for what names a thing that is new to us. */
export const noCardNumber = (text: string): true | string => !holdsCardNumber(text) || "must not hold a card number"

/** Most texts stop here. A digit beyond ASCII counts as well. */
const hasTwelveDigits = (text: string): boolean => {
  let count = 0
  for (let at = 0; at < text.length && count < 12; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57 || code > 127) count++
  }
  return count >= 12
}

/** Full-width, Arabic and other digits as ASCII ones, with a space for what cannot be seen between them. */
const asciiDigits = (text: string): string =>
  /\P{ASCII}/u.test(text)
    ? text.normalize("NFKC").replaceAll(/\p{Cf}/gu, " ").replaceAll(/\p{Nd}/gu, (digit) => String(valueOf(digit)))
    : text

const isDigit = (code: number): boolean => /^\p{Nd}$/u.test(String.fromCodePoint(code))

/** Unicode has each script's ten digits in a row, the zero first. */
const valueOf = (digit: string): number => {
  const code = digit.codePointAt(0) ?? 0
  let value = 0
  while (value < 9 && isDigit(code - value - 1)) value++
  return value
}

/** UUIDs, and hexadecimal texts of 24 digits and more with a letter among them. */
const identifiers =
  /\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{24,128})\b/gi

/** Whether some groups that follow each other are one number; a group is never cut. */
const holdsCard = (groups: ReadonlyArray<string>): boolean => {
  for (let first = 0; first < groups.length; first++) {
    let digits = ""
    for (let last = first; last < groups.length; last++) {
      digits += groups[last] ?? ""
      if (digits.length > 19) break
      if (isCard(digits, last === first)) return true
    }
  }
  return false
}

/** How a network's numbers begin, and how long they are. 20 and 21 are no network's, and many dates begin so. */
const networks = /^(?:2[2-7]\d{14,17}|3\d{13,18}|4(?:\d{12}|\d{15,18})|[56]\d{11,18})$/

const isCard = (digits: string, isOneGroup: boolean): boolean =>
  networks.test(digits) && passesLuhn(digits) && !(isOneGroup && isGtin(digits))

const passesLuhn = (digits: string): boolean => {
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const value = Number(digits[digits.length - 1 - at]) * (at % 2 === 0 ? 1 : 2)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

/** GTIN-12 and GTIN-13, as on nearly all that is sold; no network issues such short numbers any more. */
const isGtin = (digits: string): boolean => {
  if (digits.length > 13) return false
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    sum += Number(digits[digits.length - 1 - at]) * (at % 2 === 0 ? 1 : 3)
  }
  return sum % 10 === 0
}
