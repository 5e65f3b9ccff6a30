import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { SqlError } from "@effect/sql/SqlError"
import * as SqlSchema from "@effect/sql/SqlSchema"
import type { Redacted } from "effect"
import { Effect, Predicate, Schedule, Schema } from "effect"
import { escapeIdentifier, escapeLiteral } from "pg"
import type { Server } from "./DatabaseCheck.ts"
import { serverOf } from "./DatabaseCheck.ts"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import type { ServiceName, ServiceRole } from "./ServiceRole.ts"
import { formerName, make, prefixFor, verifierOf } from "./ServiceRole.ts"
import { alterRole, forProvisioning, ofOwnRole } from "./SessionSettings.ts"
import { UnfitDatabase } from "./UnfitDatabase.ts"

/** The advisory lock is per database while roles belong to the whole server, so two databases may still collide. */
const whileRolesCollide = Schedule.exponential("20 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(8)),
  Schedule.whileInput(isCollision)
)

function isCollision(error: unknown): boolean {
  const cause = error instanceof SqlError ? error.cause : undefined
  const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined
  // duplicate_object, unique_violation on pg_authid, "tuple concurrently updated"
  return code === "42710" || code === "23505" || code === "XX000"
}

/** Whose schema and role are wanted. */
export interface Wanted {
  readonly service: ServiceName
  /** What the role's name begins with; the name of the database is a part of it when absent. */
  readonly prefix?: string
  readonly secret: Redacted.Redacted<string>
}

/**
 * Gives the service its schema and a login role that owns that schema and may touch nothing else of ours (H161). Safe to run
 * again, and by several processes at once. Nothing is changed that Quartet did not make: a schema of this name that is
 * another application's is refused.
 */
export const provision = Effect.fn("Provision.provision")(
  function*(admin: DatabaseUrl, { prefix, secret, service }: Wanted) {
    const sql = yield* PgClient.make({ url: admin, maxConnections: 1, applicationName: "quartet provision" })
    const run = sql.withTransaction(Effect.gen(function*() {
      yield* sql.unsafe(forProvisioning)
      yield* sql`SELECT pg_advisory_xact_lock(hashtextextended('quartet provision', 0))`
      const server = yield* serverOf(sql)
      const role = make(service, prefix ?? prefixFor(server.database), secret)
      const found = yield* findSchema(sql, service)
      yield* provideRole(sql, server, role)
      if (found === undefined) yield* sql.unsafe(`CREATE SCHEMA ${schemaOf(role)} AUTHORIZATION ${nameOf(role)}`)
      else if (found.owner !== role.name) yield* takeOver(sql, found, role)
      yield* sql.unsafe(`REVOKE ALL ON SCHEMA ${schemaOf(role)} FROM PUBLIC`)
      return role
    }))
    return yield* run.pipe(
      // A COMMIT that fails is thrown by the library as a defect.
      Effect.catchAllDefect((defect) => defect instanceof SqlError ? Effect.fail(defect) : Effect.die(defect)),
      Effect.retry(whileRolesCollide)
    )
  },
  Effect.scoped,
  Effect.provide(Reactivity.layer)
)

/** Utility statements take no parameters, so names and the verifier are escaped. */
const nameOf = (role: ServiceRole) => escapeIdentifier(role.name)
const schemaOf = (role: ServiceRole) => escapeIdentifier(role.schema)

const provideRole = Effect.fn("Provision.provideRole")(
  function*(sql: PgClient.PgClient, { database, version }: Server, role: ServiceRole) {
    const known = yield* sql`SELECT FROM pg_roles WHERE rolname = ${role.name}`
    if (known.length === 0) yield* sql.unsafe(`CREATE ROLE ${nameOf(role)}`)
    // An owner who is no superuser must be a member of the role before giving it a schema.
    const ordinary = yield* sql`SELECT FROM pg_roles WHERE rolname = current_user AND NOT rolsuper`
    if (ordinary.length > 0) yield* sql.unsafe(`GRANT ${nameOf(role)} TO CURRENT_USER`)
    const settings = alterRole({ database, role: role.name }, ofOwnRole(role.schema, version))
    yield* sql.unsafe(`ALTER ROLE ${nameOf(role)} WITH LOGIN PASSWORD ${escapeLiteral(verifierOf(role))};
      ${settings.join(" ")}`)
  }
)

/** A schema that is there already. `isOurs`: it holds Quartet's table of migrations. `isAtWork`: its owner has sessions here. */
const Found = Schema.Struct({
  owner: Schema.String,
  isAdmins: Schema.Boolean,
  isOurs: Schema.Boolean,
  isEmpty: Schema.Boolean,
  isAtWork: Schema.Boolean
})

const findSchema = (sql: PgClient.PgClient, service: string) =>
  SqlSchema.findAll({
    Request: Schema.String,
    Result: Found,
    execute: (schema) =>
      sql`SELECT r.rolname::text AS owner, r.rolname = current_user AS "isAdmins",
        EXISTS (SELECT FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
          WHERE c.relnamespace = n.oid AND c.relname = 'migrations' AND a.attname = 'applied_at') AS "isOurs",
        NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid) AS "isEmpty",
        NOT r.rolsuper AND EXISTS (SELECT FROM pg_stat_activity
          WHERE usename = r.rolname AND datname = current_database()) AS "isAtWork"
        FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner WHERE n.nspname = ${schema}`
  })(service).pipe(
    Effect.catchTag("ParseError", Effect.die),
    Effect.map((rows) => rows[0])
  )

const Statement = Schema.Struct({ statement: Schema.String })

/** What gives the role every table and function of its schema; indexes, sequences and triggers go with their tables. */
const findTransfers = (sql: PgClient.PgClient, role: ServiceRole) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ name: Schema.String, schema: Schema.String }),
    Result: Statement,
    execute: ({ name, schema }) =>
      sql`SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, ${name}::text) AS statement
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ${schema} AND c.relkind IN ('r', 'p')
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, ${name}::text)
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ${schema}`
  })(role).pipe(Effect.catchTag("ParseError", Effect.die))

/**
 * Gives the role a schema that another name of it owned: that of an earlier version, of a database that was copied or
 * renamed, of a restored dump. Processes of the version before go on meanwhile, as members of the role, and may be started
 * again.
 */
const takeOver = Effect.fn("Provision.takeOver")(
  function*(sql: PgClient.PgClient, found: typeof Found.Type, role: ServiceRole) {
    const { isAdmins, isAtWork, isEmpty, isOurs, owner } = found
    if (!isOurs && !(isEmpty && (isAdmins || owner === formerName(role.schema)))) {
      return yield* new UnfitDatabase({
        detail:
          `The schema "${role.schema}" belongs to the role "${owner}" and holds no tables of Quartet: it is left ` +
          `alone. Give Quartet a database of its own.`
      })
    }
    yield* sql.unsafe(`ALTER SCHEMA ${schemaOf(role)} OWNER TO ${nameOf(role)}`)
    const transfers = yield* findTransfers(sql, role)
    yield* Effect.forEach(transfers, ({ statement }) => sql.unsafe(statement), { discard: true })
    // A process of the release before may also be between two sessions, or be started again, as after a rollback.
    if (isAtWork || owner === formerName(role.schema)) {
      yield* sql.unsafe(`GRANT ${nameOf(role)} TO ${escapeIdentifier(owner)}`)
    }
    yield* Effect.logInfo(`The schema ${role.schema} now belongs to the role ${role.name}, and not to ${owner}.`)
  }
)
