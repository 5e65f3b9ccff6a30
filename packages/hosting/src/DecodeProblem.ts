import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { edgeProblems } from "@quartet/contracts/EdgeProblems"
import type { Problem } from "@quartet/contracts/Problem"
import { helpOf, typeOf } from "@quartet/contracts/Problem"
import { Array } from "effect"

type Issue = HttpApiDecodeError["issues"][number]

/** How many faults one answer names. */
const limit = 10

/**
 * Says which field broke which rule. Neither the schema nor the value is repeated: the one is noise to the caller, the
 * other may be a card number (H195).
 */
export const fromDecodeError = (error: HttpApiDecodeError, correlationId: string): Problem => {
  const { status, title } = edgeProblems["invalid-request"]
  const told = error.issues.filter((issue) => !isWayOut(issue))
  const faults = Array.map(told.length === 0 ? error.issues : told, (issue) => ({
    pointer: pointerOf(issue.path),
    detail: sentenceOf(issue)
  }))
  const errors = Array.take(Array.dedupeWith(faults, isSame), limit)
  return {
    type: typeOf("invalid-request"),
    help: helpOf("invalid-request"),
    title,
    status,
    detail: errors[0]?.detail ?? "The request does not have the expected form.",
    errors,
    correlationId
  }
}

interface Fault {
  readonly pointer: string
  readonly detail: string
}

const isSame = (one: Fault, other: Fault): boolean => one.pointer === other.pointer && one.detail === other.detail

/** A field that may be left out is also told to be so, beside the rule that it breaks: that is no rule of its own. */
const isWayOut = ({ message }: Issue): boolean => /^Expected undefined\b/.test(message)

const sentenceOf = (issue: Issue): string => {
  const field = issue.path.length === 0 ? "The request" : `"${nameOf(issue.path)}"`
  switch (issue._tag) {
    case "Missing":
      return `${field} is required.`
    case "Unexpected":
      return `${field} is not a known field.`
    case "Forbidden":
      return `${field} is not allowed.`
    default:
      return `${field} ${ruleOf(issue.message)}`
  }
}

/** `Expected a positive number, actual -1` becomes `must be a positive number.` */
const ruleOf = (message: string): string => {
  const expected = /^Expected (.*?)(, actual .*)?$/s.exec(message)?.[1]
  if (expected?.startsWith("readonly [") === true) return "must be a list."
  if (/^Unable to decode .* into a number$/s.test(message)) return "must be a number."
  const readable = expected !== undefined && expected.length <= 120 && !/[{}<>&]|readonly|└/.test(expected)
  return readable ? `must be ${expected}.` : "does not have the expected form."
}

const nameOf = (path: Issue["path"]): string =>
  path.map((key, at) => typeof key === "number" ? `[${key}]` : at === 0 ? String(key) : `.${String(key)}`).join("")
    .slice(0, 100)

/** RFC 6901. */
const pointerOf = (path: Issue["path"]): string =>
  path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 100)}`).join("")
