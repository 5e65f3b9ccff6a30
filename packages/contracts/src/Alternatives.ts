import { Option } from "effect"
import { distance } from "fastest-levenshtein"

/** What is longer than this is no misspelling of ours; comparing it would cost more than it is worth. */
const longest = 64

/** Of these values the one that was most likely meant: the same in other letter case, or a third of its letters away. */
export const nearest = (sent: unknown, values: ReadonlyArray<string>): Option.Option<string> => {
  if (typeof sent !== "string" || sent.length > longest) return Option.none()
  const text = sent.trim().toUpperCase()
  let found: string | undefined
  let least = Infinity
  for (const value of values) {
    const away = distance(text, value.toUpperCase())
    if (away < least) [found, least] = [value, away]
  }
  return found !== undefined && least <= Math.max(1, Math.floor(found.length / 3)) ? Option.some(found) : Option.none()
}

/** `; did you mean "EUR"?`, or nothing. The value that was sent is never repeated: it may be a card number. */
export const suggestion = (sent: unknown, values: ReadonlyArray<string>): string =>
  Option.match(nearest(sent, values), { onNone: () => "", onSome: (value) => `; did you mean "${value}"?` })
