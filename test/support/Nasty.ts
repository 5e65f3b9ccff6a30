import { FastCheck } from "effect"

/** A card number that passes its check digit. Nobody may keep it, wherever it was written. */
export const cardNumber = "4242424242424242"

/** Values that servers have stumbled over. */
export const nasty: ReadonlyArray<unknown> = [
  "",
  " ",
  "'; DROP TABLE orders; --",
  "' OR '1'='1",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00\ud800",
  "\u202e\u2066",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "${jndi:ldap://127.0.0.1/x}",
  "{{7*7}}",
  "x\r\nSet-Cookie: a=b",
  "x".repeat(5000),
  "４２",
  "1e9",
  cardNumber,
  0,
  -1,
  0.1,
  1e-7,
  1e308,
  -(2 ** 31),
  2 ** 31,
  2 ** 53,
  2 ** 63,
  true,
  null,
  [],
  {},
  [[[[[]]]]],
  { ["__proto__"]: { polluted: true } },
  { constructor: { prototype: { polluted: true } } }
]

/** The same where only text can be said: in a path, a query or a field. */
export const nastyText: ReadonlyArray<string> = nasty.flatMap((value) => typeof value === "string" ? [value] : [])
  .concat("null", "NaN", "-0", "%", "%00", "%ed%a0%80", "%2e%2e%2f", "9".repeat(400), "é", "\"", "\\", ",,", ";")

/** One of these; the generator remembers which. */
export const pick = <A>(g: FastCheck.GeneratorValue, choices: ReadonlyArray<A>): A =>
  g((): FastCheck.Arbitrary<A> => FastCheck.constantFrom(...choices))

/** True once in so many times. */
export const sometimes = (g: FastCheck.GeneratorValue, oneIn: number): boolean =>
  g(FastCheck.nat, { max: oneIn - 1 }) === 0

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** How often a value is left as it is, against once that something is done to it. */
const patience = 4

/** The value, with nasty values somewhere in it. */
export const spoilt = (g: FastCheck.GeneratorValue, value: unknown): unknown => {
  if (sometimes(g, patience)) return pick(g, nasty)
  if (Array.isArray(value)) {
    const items = value.map((item) => spoilt(g, item))
    return sometimes(g, 10) ? Array.from({ length: 60 }, () => items).flat() : items
  }
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([name, item]) => [name, spoilt(g, item)])
  const kept = sometimes(g, patience) ? entries.slice(1) : entries
  const stranger = [pick(g, [...nastyText.slice(0, 20), "status"]), pick(g, nasty)]
  // By a list of entries and not by assignment, so that `__proto__` is a name like any other.
  return Object.fromEntries(sometimes(g, patience) ? [...kept, stranger] : kept)
}

/** JSON that is none any more, or says a thing twice. */
export const torn = (g: FastCheck.GeneratorValue, text: string): string | Uint8Array => {
  const at = g(FastCheck.nat, { max: Math.max(1, text.length) })
  return pick(g, [
    text.slice(0, at),
    `${text}${text}`,
    `\ufeff${text}`,
    text.replace("{", `{"lines":[],"paymentMethodId":"pm_card_visa",`),
    text.replaceAll("\"", "'"),
    `${text.slice(0, at)}\\ud800${text.slice(at)}`,
    "[".repeat(20_000),
    new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    `{"lines":[{"sku":"a","quantity":${"9".repeat(500)}}]}`
  ])
}
