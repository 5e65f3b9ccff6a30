import { escapeIdentifier, escapeLiteral } from "pg"

/** One setting of PostgreSQL that the services' statements, or their limits, rely on. */
interface SessionSetting {
  /** As `pg_settings` writes it. */
  readonly name: string
  /** What a role made by Quartet gets. Times are milliseconds, as PostgreSQL reads a bare number. */
  readonly value: string
  /** Which values are as good on a role of the operator's; the same value alone when absent. */
  readonly accepts?: (value: string) => boolean
  /** The `server_version_num` of the first release that has it. */
  readonly since?: number
  /** Only superusers may change it, so it is checked and never set. */
  readonly checkedOnly?: true
}

const atMost = (limit: number) => (value: string): boolean => Number(value) > 0 && Number(value) <= limit
const noneOrAtLeast = (limit: number) => (value: string): boolean => Number(value) === 0 || Number(value) >= limit

/** What no session of a service may exceed (H158). */
const limits: ReadonlyArray<SessionSetting> = [
  { name: "statement_timeout", value: "10000", accepts: atMost(10_000) },
  { name: "lock_timeout", value: "5000", accepts: atMost(5000) },
  { name: "idle_in_transaction_session_timeout", value: "15000", accepts: atMost(15_000) },
  // The pool keeps its connections over lulls, and a migration may take ten minutes: both must outlive these.
  { name: "idle_session_timeout", value: "0", accepts: noneOrAtLeast(60_000) },
  { name: "transaction_timeout", value: "0", accepts: noneOrAtLeast(600_000), since: 170_000 }
]

/** How values are written and read, and what a statement means. */
const meaning: ReadonlyArray<SessionSetting> = [
  { name: "DateStyle", value: "ISO, YMD", accepts: (value) => value.startsWith("ISO") },
  { name: "TimeZone", value: "UTC", accepts: (value) => value === "UTC" || value === "Etc/UTC" },
  { name: "IntervalStyle", value: "postgres" },
  { name: "bytea_output", value: "hex" },
  { name: "extra_float_digits", value: "1", accepts: (value) => Number(value) >= 1 },
  { name: "standard_conforming_strings", value: "on" },
  { name: "array_nulls", value: "on" },
  { name: "transform_null_equals", value: "off" },
  { name: "row_security", value: "on" },
  { name: "default_transaction_isolation", value: "read committed" },
  { name: "default_transaction_deferrable", value: "off" },
  // An order that was answered must survive the server; how many standbys must have it too is the operator's choice.
  { name: "synchronous_commit", value: "on", accepts: (value) => value !== "off" },
  // With `replica`, foreign keys and triggers do nothing.
  { name: "session_replication_role", value: "origin", checkedOnly: true }
]

/**
 * A plan is kept with its statement, and tables that were empty when it was made grow. So what can be looked up by a key is
 * looked up by it, whatever the planner believes: never by reading a table, or an index, from end to end beside the few
 * rows of a batch. Where there is no such way it is not forbidden (PostgreSQL, "Planner Method Configuration").
 */
const planning: ReadonlyArray<SessionSetting> = [
  { name: "enable_seqscan", value: "off" },
  { name: "enable_hashjoin", value: "off" },
  { name: "enable_mergejoin", value: "off" },
  { name: "enable_indexscan", value: "on" },
  { name: "enable_nestloop", value: "on" },
  // So there is one way for all parameters. Left to itself, the planner plans a statement anew for each call, for a while
  // after it was prepared and for longer after its table grew and was analysed (PostgreSQL, "PREPARE").
  { name: "plan_cache_mode", value: "force_generic_plan" },
  // Up to PostgreSQL 17 a method that is off adds 1e10 to a plan's cost, far beyond `jit_above_cost`: with JIT on, each plan
  // that must scan is compiled, for seconds.
  { name: "jit", value: "off" }
]

/**
 * Everything that a service's sessions rely on, whatever server, database and role say. `default_transaction_read_only` is
 * not here: it is how operators and providers stop writes, at a full disk for example, and is theirs.
 */
const settingsOf = (schema: string, version: number): ReadonlyArray<SessionSetting> =>
  [
    { name: "search_path", value: schema, accepts: (value: string) => value.replaceAll("\"", "") === schema },
    ...limits,
    ...meaning,
    ...planning
  ].filter(({ since = 0 }) => version >= since)

const names = [{ name: "search_path" }, ...limits, ...meaning, ...planning].map(({ name }) => escapeLiteral(name))

/** One session's values, as `pg_settings` gives them. Text alone, so that it can be asked of any connection. */
export const observing = `SELECT name, setting FROM pg_settings WHERE name IN (${names.join(", ")})`

/** A setting that a session has otherwise. */
export interface Unmet {
  readonly name: string
  readonly found: string
  readonly value: string
}

export const unmet = (
  observed: ReadonlyMap<string, string>,
  { schema, version }: { readonly schema: string; readonly version: number }
): ReadonlyArray<Unmet> =>
  settingsOf(schema, version).flatMap(({ accepts, name, value }) => {
    const found = observed.get(name)
    // What a server does not have cannot be set otherwise.
    return found === undefined || found === value || accepts?.(found) === true ? [] : [{ name, found, value }]
  })

/** Gives settings to a role for its sessions in one database: nothing but the start of a session comes before these. */
export const alterRole = (
  { database, role }: { readonly database: string; readonly role: string },
  settings: ReadonlyArray<{ readonly name: string; readonly value: string }>
): ReadonlyArray<string> =>
  settings.map(({ name, value }) => {
    const written = name === "search_path" ? escapeIdentifier(value) : escapeLiteral(value)
    return `ALTER ROLE ${escapeIdentifier(role)} IN DATABASE ${escapeIdentifier(database)} SET ${name} = ${written};`
  })

/** What a role gets that Quartet makes. */
export const ofOwnRole = (schema: string, version: number) =>
  settingsOf(schema, version).filter(({ checkedOnly }) => checkedOnly !== true)

/** What holds for the rest of a transaction, whoever's session it is: behind a pooler, a session is not ours to change. */
const forTransaction = (settings: ReadonlyArray<{ readonly name: string; readonly value: string }>): string =>
  settings.map(({ name, value }) => `SET LOCAL ${name} = ${escapeLiteral(value)};`).join(" ")

/** A command of an operator may wait, for other processes or for a large table, longer than a request may. */
const patience = [
  { name: "statement_timeout", value: "600000" },
  { name: "lock_timeout", value: "60000" },
  { name: "idle_in_transaction_session_timeout", value: "60000" }
]

/** Begins what changes schemas and roles: what waits for a lock must see what was committed meanwhile. */
export const forProvisioning = `SET TRANSACTION ISOLATION LEVEL READ COMMITTED; ${forTransaction(patience)}`

/** Begins a look at all schemas: values as we know them, no compiled plans, and no methods forbidden. */
export const forReading = `SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY; ${
  forTransaction([
    ...patience,
    ...meaning.filter(({ checkedOnly }) => checkedOnly !== true),
    { name: "jit", value: "off" }
  ])
}`
