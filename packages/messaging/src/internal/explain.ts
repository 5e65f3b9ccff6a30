import { Cause, Either, ParseResult } from "effect"

/** Where it does not fit and why, on the first line; the schema and everything that is wrong with it follow. */
export const explain = (error: ParseResult.ParseError): string =>
  // To print a value takes more stack than to read it.
  Either.getOrElse(Either.try(() => describe(error)), () => "It does not fit, and is nested too deeply to be shown.")

const describe = (error: ParseResult.ParseError): string => {
  const [first] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const where = first === undefined || first.path.length === 0 ? "" : `at ${first.path.join(".")}: `
  return `${where}${first?.message ?? ""}\n${ParseResult.TreeFormatter.formatErrorSync(error)}`
}

/** What went wrong, and what that came from, on the first line; where it happened follows. */
export const explainCause = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const trace = Cause.pretty(cause, { renderErrorCause: true })
  return error instanceof Error && error.cause instanceof Error
    ? `${error.name}: ${error.message}: ${error.cause.message}\n${trace}`
    : trace
}
