import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { Array } from "effect"
import { edgeProblems } from "./EdgeProblems.ts"
import type { Problem } from "./Problem.ts"
import { helpOf, typeOf } from "./Problem.ts"

type Issue = HttpApiDecodeError["issues"][number]

/** How many faults one answer names. */
const limit = 10

/**
 * Says which field broke which rule. Neither the schema nor the value is repeated: the one is noise to the caller, the
 * other may be a card number (H195).
 */
export const fromDecodeError = (error: HttpApiDecodeError, correlationId: string): Problem => {
  const { status, title } = edgeProblems["invalid-request"]
  const faults = Array.dedupe(Array.map(error.issues, sentenceOf))
  return {
    type: typeOf("invalid-request"),
    help: helpOf("invalid-request"),
    title,
    status,
    detail: faults[0] ?? "The request does not have the expected form.",
    errors: Array.zipWith(Array.take(error.issues, limit), faults, (issue, detail) => ({
      pointer: pointerOf(issue.path),
      detail
    })),
    correlationId
  }
}

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
  const readable = expected !== undefined && expected.length <= 120 && !/[{}<>&]|readonly|└/.test(expected)
  return readable ? `must be ${expected}.` : "does not have the expected form."
}

const nameOf = (path: Issue["path"]): string =>
  path.map((key, at) => typeof key === "number" ? `[${key}]` : at === 0 ? String(key) : `.${String(key)}`).join("")
    .slice(0, 100)

/** RFC 6901. */
const pointerOf = (path: Issue["path"]): string =>
  path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 100)}`).join("")
