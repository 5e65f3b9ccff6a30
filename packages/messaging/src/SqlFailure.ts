import type { SqlError } from "@effect/sql"
import { Cause, Option, Predicate } from "effect"

/**
 * What a failed statement, `COMMIT` included, means for the work in it.
 * `Contention`: another transaction was in the way; the same work can succeed at once.
 * `Conflict`: a row with this key is there already. Another transaction may have made it first, and then the same work,
 * which will find the row, succeeds at once; if it does not, the work itself is wrong.
 * `Outage`: the database was not there, or its answer was lost; the same work is repeated when it is back.
 * `Fault`: the work itself is wrong, and repeating it is no use.
 */
export type SqlFailure = "Contention" | "Conflict" | "Outage" | "Fault"

/** serialization_failure, deadlock_detected, lock_not_available, query_canceled. Source: PostgreSQL, Appendix A. */
const contention = new Set(["40001", "40P01", "55P03", "57014"])

/** unique_violation. Source: PostgreSQL, Appendix A. */
const conflict = "23505"

/** Connection exceptions, insufficient resources, operator intervention, system errors. Source: PostgreSQL, Appendix A. */
const outageClasses = new Set(["08", "53", "57", "58"])

/** idle_in_transaction_session_timeout, read_only_sql_transaction (a standby), and too many connections are outages too. */
const outageCodes = new Set(["25P03", "25006", "3D000", "28P01"])

const sqlState = (error: unknown): Option.Option<string> => {
  const code = Predicate.hasProperty(error, "code") ? error.code : undefined
  return typeof code === "string" ? Option.some(code) : Option.none()
}

/** Five letters or digits; the digit tells a state from the codes of sockets, such as `EPIPE`. */
const isSqlState = (code: string): boolean => /^(?=.*[0-9])[0-9A-Z]{5}$/.test(code)

/** Classifies one failed statement. An error without an SQLSTATE came from the driver or the socket: an outage. */
export const ofSqlError = (error: SqlError.SqlError): SqlFailure => {
  const state = Option.filter(sqlState(error.cause), isSqlState)
  if (Option.isNone(state)) return isCallerMistake(error.cause) ? "Fault" : "Outage"
  if (contention.has(state.value)) return "Contention"
  if (state.value === conflict) return "Conflict"
  return outageClasses.has(state.value.slice(0, 2)) || outageCodes.has(state.value) ? "Outage" : "Fault"
}

/** in_failed_sql_transaction: a statement that was sent behind one that failed. Source: PostgreSQL, Appendix A. */
const isConsequence = (error: unknown): boolean => isSqlError(error) && Option.contains(sqlState(error.cause), "25P02")

/** The cause of a failed transaction without what failed only because something before it had. */
export const withoutConsequences = <E>(cause: Cause.Cause<E>): Cause.Cause<E> => {
  const reasons = Cause.filter(cause, (part) => part._tag !== "Fail" || !isConsequence(part.error))
  return Cause.isEmpty(reasons) ? cause : reasons
}

/** Classifies the whole cause of a failed transaction; the worst finding counts, and a mere interruption is an outage. */
export const ofCause = (cause: Cause.Cause<unknown>): SqlFailure => {
  const found = [...Cause.failures(cause), ...Cause.defects(cause)].map((error) =>
    isSqlError(error) ? ofSqlError(error) : "Fault"
  )
  if (found.length === 0 || found.includes("Outage")) return "Outage"
  if (found.includes("Fault")) return "Fault"
  return found.includes("Conflict") ? "Conflict" : "Contention"
}

export const isSqlError = (error: unknown): error is SqlError.SqlError => Predicate.isTagged(error, "SqlError")

/** A value the driver could not encode fails before anything is sent, without an SQLSTATE. */
const isCallerMistake = (cause: unknown): boolean => cause instanceof TypeError || cause instanceof RangeError
