import { holdsCardNumber } from "@quartet/contracts/CardNumber"
import { Effect, Either } from "effect"
import { Refused } from "./Problem.ts"

const maxDepth = 32

const decode = (text: string) => Either.try((): unknown => JSON.parse(text))

/**
 * Reads JSON that a stranger wrote. Depth is bounded before parsing; NUL characters and lone surrogates, which PostgreSQL
 * cannot store, keys that reach an object's prototype, and keys that stand twice in one object, of which readers take
 * different ones, are refused here rather than met later (H189).
 */
export const parse = (text: string): Effect.Effect<unknown, Refused> =>
  Effect.suspend(() => {
    const { deepest, repeatsKey } = shapeOf(text)
    if (deepest > maxDepth) return malformed(`The JSON nests deeper than ${maxDepth} levels.`)
    const decoded = decode(text)
    if (Either.isLeft(decoded)) {
      return malformed(text.trim() === "" ? "The body is empty." : "The body is not valid JSON.")
    }
    if (repeatsKey) return malformed("The JSON has an object in which one key stands twice.")
    return isStorable(decoded.right)
      ? Effect.succeed(decoded.right)
      : malformed("The JSON holds a NUL character, half a surrogate pair or a reserved key.")
  })

/** The body cannot be read, because of this. */
export const malformed = (detail: string) => new Refused({ name: "malformed-body", detail })

/** Refuses JSON in which a text or a key holds a card number, so that none is kept or logged by any reader (H195). */
export const withoutCardNumber = (json: unknown): Effect.Effect<void, Refused> =>
  holdsCard(json)
    ? new Refused({ name: "card-number", detail: "Send the request without a card number." })
    : Effect.void

const holdsCard = (value: unknown): boolean => {
  if (typeof value === "string") return holdsCardNumber(value)
  if (typeof value !== "object" || value === null) return false
  if (Array.isArray(value)) return value.some(holdsCard)
  return Object.entries(value).some(([key, member]) => holdsCardNumber(key) || holdsCard(member))
}

interface Shape {
  readonly deepest: number
  readonly repeatsKey: boolean
}

/**
 * Counts brackets outside of strings, which is exact for valid JSON and never less than the truth for the rest, and
 * compares the keys of each object. A string that a colon follows is a key.
 */
const shapeOf = (text: string): Shape => {
  const open: Array<Set<string>> = []
  let deepest = 0
  let repeatsKey = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === "{" || char === "[") deepest = Math.max(deepest, open.push(new Set()))
    else if (char === "}" || char === "]") open.pop()
    else if (char === "\"") {
      const end = endOfString(text, at)
      const keys = open.at(-1)
      if (keys !== undefined && isKey(text, end)) {
        const key = keyOf(text.slice(at, end))
        repeatsKey ||= keys.has(key)
        keys.add(key)
      }
      at = end - 1
    }
  }
  return { deepest, repeatsKey }
}

/** Behind the closing quote of the string that begins here. */
const endOfString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]
    if (char === "\\") at++
    else if (char === "\"") return at + 1
  }
  return text.length
}

const isKey = (text: string, end: number): boolean => {
  let at = end
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++
  return text[at] === ":"
}

/** As it reads, since one key can be written in many ways; text that is no JSON string stands for itself. */
const keyOf = (quoted: string): string => {
  if (!quoted.includes("\\")) return quoted.slice(1, -1)
  const decoded = Either.getOrUndefined(decode(quoted))
  return typeof decoded === "string" ? decoded : quoted
}

const isStorable = (value: unknown): boolean => {
  if (typeof value === "string") return isStorableText(value)
  if (typeof value !== "object" || value === null) return true
  if (Array.isArray(value)) return value.every(isStorable)
  return Object.entries(value).every(([key, member]) =>
    key !== "__proto__" && isStorableText(key) && isStorable(member)
  )
}

const isStorableText = (text: string): boolean => !text.includes("\0") && !/\p{Surrogate}/u.test(text)
