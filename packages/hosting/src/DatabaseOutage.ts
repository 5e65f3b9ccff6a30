import type { SqlError } from "@effect/sql/SqlError"
import { Predicate } from "effect"

/**
 * Waiting does not help against wrong credentials, missing databases or rights, and wrong statements. The letters are for
 * certificates, as Node and OpenSSL name what is wrong with them. Source: PostgreSQL, Appendix A; Node.js, "TLS".
 */
const refusedStates = /^(0A|22|28|3D|3F|42)...$|^EACCES$|CERT|^UNABLE_TO_|^ERR_TLS_|^HOSTNAME_MISMATCH$/

/**
 * PgBouncer gives most of what it says the same state, 08P01: also that a server is away. These are the sentences that only
 * its operator, or ours, can do something about. Source: PgBouncer 1.18, `client.c` and `objects.c`.
 */
const refusedByPooler =
  /unsupported startup parameter|no such (database|user)|(password|SASL|cert) authentication failed|auth failed|SSL required|not allowed/i

/** What the driver itself says before anything is asked, without a code. Source: pg 8.23, `connection.js` and `sasl.js`. */
const refusedByDriver = /^SASL: |does not support SSL|Password must be a string/

/** Whether the database may take the same thing later: it is away, overrun, or still starting. */
export const isOutage = (error: SqlError): boolean => {
  const code = codeOf(error.cause)
  const said = messageOf(error.cause)
  if (code === "08P01") return !refusedByPooler.test(said)
  return code === "" ? !refusedByDriver.test(said) : !refusedStates.test(code)
}

/** What the server, the pooler or the driver said, with its code; never a URL. */
export const reasonOf = (error: SqlError): string => {
  const code = codeOf(error.cause)
  const said = messageOf(error.cause)
  return said === "" ? code : code === "" || said.includes(code) ? said : `${said} (${code})`
}

const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : ""

/** Of several addresses that were all tried, the driver's error is empty, and the first one's is not. */
const messageOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return ""
  return cause.message === "" && cause instanceof AggregateError ? messageOf(cause.errors[0]) : cause.message
}
