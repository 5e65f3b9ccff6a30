import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { suggestion } from "@quartet/contracts/Alternatives"
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
  const faults = faultsOf(told.length === 0 ? error.issues : told)
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

/** One for each place: what may have one of several values breaks one rule there, and not as many as there are values. */
const faultsOf = (issues: ReadonlyArray<Issue>): ReadonlyArray<Fault> => {
  const values = new Map<string, Array<string>>()
  const faults: Array<() => Fault> = []
  for (const issue of issues) {
    const pointer = pointerOf(issue.path)
    const value = literalOf(issue.message)
    const known = values.get(pointer)
    if (value === undefined) faults.push(() => ({ pointer, detail: sentenceOf(issue) }))
    else if (known !== undefined) known.push(value)
    else {
      const fitting = [value]
      values.set(pointer, fitting)
      faults.push(() => ({ pointer, detail: `${fieldOf(issue)} ${alternativesOf(fitting, sentOf(issue.message))}` }))
    }
  }
  return faults.map((fault) => fault())
}

/** `Expected "Draft", actual …` names one value that would fit. */
const literalOf = (message: string): string | undefined => /^Expected "([^"]{1,64})", actual /.exec(message)?.[1]

/** The text that was sent, to find out what was meant by it. */
const sentOf = (message: string): string | undefined => /, actual "([^"]{1,64})"$/.exec(message)?.[1]

/** How many values one sentence names. */
const named = 10

const alternativesOf = (values: ReadonlyArray<string>, sent: string | undefined): string => {
  const quoted = values.slice(0, named).map((value) => `"${value}"`)
  const last = quoted.at(-1) ?? ""
  if (values.length === 1) return `must be ${last}${ended(suggestion(sent, values))}`
  const rule = values.length > named
    ? `must be one of ${values.length} values, such as ${quoted.slice(0, 3).join(", ")}`
    : `must be ${quoted.slice(0, -1).join(", ")} or ${last}`
  return `${rule}${ended(suggestion(sent, values))}`
}

const ended = (sentence: string): string => sentence.endsWith("?") ? sentence : `${sentence}.`

interface Fault {
  readonly pointer: string
  readonly detail: string
}

const isSame = (one: Fault, other: Fault): boolean => one.pointer === other.pointer && one.detail === other.detail

/** A field that may be left out is also told to be so, beside the rule that it breaks: that is no rule of its own. */
const isWayOut = ({ message }: Issue): boolean => /^Expected undefined\b/.test(message)

const sentenceOf = (issue: Issue): string => {
  const field = fieldOf(issue)
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

const fieldOf = ({ path }: Issue): string => path.length === 0 ? "The request" : `"${nameOf(path)}"`

/** `Expected a positive number, actual -1` becomes `must be a positive number.` */
const ruleOf = (message: string): string => {
  // A schema of ours that says its rule itself.
  if (message.startsWith("must ")) return ended(message)
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
