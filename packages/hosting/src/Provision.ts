import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { SqlError } from "@effect/sql/SqlError"
import { Effect, Predicate, Schedule } from "effect"
import { escapeIdentifier, escapeLiteral } from "pg"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import type { ServiceRole } from "./ServiceRole.ts"
import { verifierOf } from "./ServiceRole.ts"

/** What no session of a service may exceed (H158). Milliseconds, as PostgreSQL reads a bare number. */
export const sessionLimits = {
  statement_timeout: "10000",
  lock_timeout: "5000",
  idle_in_transaction_session_timeout: "15000"
} satisfies Record<string, string>

/** The advisory lock is per database while roles belong to the whole server, so two databases may still collide. */
const whileRolesCollide = Schedule.exponential("20 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(8)),
  Schedule.whileInput(isCollision)
)

function isCollision(error: SqlError): boolean {
  const code = Predicate.hasProperty(error.cause, "code") ? error.cause.code : undefined
  // duplicate_object, unique_violation on pg_authid, "tuple concurrently updated"
  return code === "42710" || code === "23505" || code === "XX000"
}

/**
 * Gives the service its schema and a login role that owns that schema and may touch nothing else (H161). Safe to run
 * again, and by several processes at once.
 */
export const provision = Effect.fn("Provision.provision")(
  function*(admin: DatabaseUrl, role: ServiceRole) {
    const sql = yield* PgClient.make({ url: admin, maxConnections: 1, applicationName: "quartet provision" })
    const run = sql.withTransaction(Effect.gen(function*() {
      yield* sql`SELECT pg_advisory_xact_lock(hashtextextended('quartet provision', 0))`
      yield* sql.unsafe(statements(role))
    }))
    yield* run.pipe(
      // A COMMIT that fails is thrown by the library as a defect.
      Effect.catchAllDefect((defect) => defect instanceof SqlError ? Effect.fail(defect) : Effect.die(defect)),
      Effect.retry(whileRolesCollide)
    )
  },
  Effect.scoped,
  Effect.provide(Reactivity.layer)
)

/** Utility statements take no parameters, so names and the verifier are escaped here. */
const statements = (role: ServiceRole): string => {
  const name = escapeIdentifier(role.name)
  const schema = escapeIdentifier(role.schema)
  const settings = Object.entries({ search_path: schema, ...sessionLimits })
    .map(([setting, value]) => `ALTER ROLE ${name} SET ${setting} = ${value};`)
  return `
    DO $do$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${escapeLiteral(role.name)}) THEN
        CREATE ROLE ${name};
      END IF;
      -- An owner who is no superuser must be a member of the role before giving it a schema.
      IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        GRANT ${name} TO CURRENT_USER;
      END IF;
    END $do$;
    ALTER ROLE ${name} WITH LOGIN PASSWORD ${escapeLiteral(verifierOf(role))};
    ${settings.join("\n    ")}
    CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${name};
    REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;`
}
