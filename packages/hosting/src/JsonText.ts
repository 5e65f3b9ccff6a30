import { Effect, Either } from "effect"
import { Refused } from "./Problem.ts"

const maxDepth = 32

const decode = (text: string) => Either.try((): unknown => JSON.parse(text))

/**
 * Reads JSON that a stranger wrote. Depth is bounded before parsing; NUL characters and lone surrogates, which PostgreSQL
 * cannot store, and keys that reach an object's prototype are refused here rather than met later (H189).
 */
export const parse = (text: string): Effect.Effect<unknown, Refused> =>
  Effect.suspend(() => {
    if (depthOf(text) > maxDepth) return malformed(`The JSON nests deeper than ${maxDepth} levels.`)
    const decoded = decode(text)
    if (Either.isLeft(decoded)) {
      return malformed(text.trim() === "" ? "The body is empty." : "The body is not valid JSON.")
    }
    return isStorable(decoded.right)
      ? Effect.succeed(decoded.right)
      : malformed("The JSON holds a NUL character, half a surrogate pair or a reserved key.")
  })

/** The body cannot be read, because of this. */
export const malformed = (detail: string) => new Refused({ name: "malformed-body", detail })

/** Brackets outside of strings; exact for valid JSON, and never less than the truth for the rest. */
const depthOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === "\\") at++
      else if (char === "\"") inString = false
    } else if (char === "\"") inString = true
    else if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth)
    else if (char === "}" || char === "]") depth--
  }
  return deepest
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
