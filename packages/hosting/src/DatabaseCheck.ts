import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as SqlSchema from "@effect/sql/SqlSchema"
import { Effect, Option, Schema } from "effect"
import { alterRole, observing, unmet } from "./SessionSettings.ts"
import { UnfitDatabase } from "./UnfitDatabase.ts"

/** The oldest release that Quartet runs on, which the project behind PostgreSQL still maintains. */
export const oldestMajor = 14

const Server = Schema.Struct({
  version: Schema.NumberFromString,
  versionName: Schema.String,
  encoding: Schema.String,
  database: Schema.String,
  role: Schema.String
})
export type Server = typeof Server.Type

const findServer = (sql: SqlClient) =>
  SqlSchema.single({
    Request: Schema.Void,
    Result: Server,
    execute: () =>
      sql.unsafe(`SELECT current_setting('server_version_num') AS version,
        current_setting('server_version') AS "versionName", current_setting('server_encoding') AS encoding,
        current_database()::text AS database, session_user::text AS role`)
  })()

const Observed = Schema.Array(Schema.Struct({ name: Schema.String, setting: Schema.String }))

/** What keeps a server from being used, whoever enters it. */
export const unfitness = ({ database, encoding, version, versionName }: Server): Option.Option<string> => {
  if (version < oldestMajor * 10_000) {
    return Option.some(`PostgreSQL ${versionName} is too old: Quartet needs PostgreSQL ${oldestMajor} or newer.`)
  }
  if (encoding === "UTF8") return Option.none()
  return Option.some(
    `The database "${database}" has the encoding ${encoding}, and Quartet needs UTF8: make one by ` +
      `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.`
  )
}

/** The server at the other end, if it can be used at all. */
export const serverOf = Effect.fn("DatabaseCheck.serverOf")(
  function*(sql: SqlClient): Effect.fn.Return<Server, UnfitDatabase | SqlError> {
    const server = yield* findServer(sql).pipe(Effect.catchTags({
      NoSuchElementException: Effect.die,
      ParseError: Effect.die
    }))
    const detail = unfitness(server)
    return Option.isNone(detail) ? server : yield* new UnfitDatabase({ detail: detail.value })
  }
)

/**
 * Whether a service's sessions are as its statements need them. They are where its role carries the settings; nothing is
 * said to a session itself, since a pooler hands sessions around and refuses what it cannot keep.
 */
export const check = Effect.fn("DatabaseCheck.check")(function*(sql: SqlClient, service: string) {
  const server = yield* serverOf(sql)
  const rows = yield* sql.unsafe(observing).pipe(
    Effect.flatMap(Schema.decodeUnknown(Observed)),
    Effect.catchTag("ParseError", Effect.die)
  )
  const observed = new Map(rows.map(({ name, setting }) => [name, setting]))
  const wrong = unmet(observed, { schema: service, version: server.version })
  if (wrong.length === 0) return
  const found = wrong.map(({ found, name, value }) => `${name} is "${found}" and must be "${value}"`).join("; ")
  return yield* new UnfitDatabase({
    detail: `Sessions of the role "${server.role}" in the database "${server.database}" are not as the ${service} ` +
      `service needs them: ${found}. Run, as this role or a superuser: ${alterRole(server, wrong).join(" ")} ` +
      `A pooler must then be told to reconnect.`
  })
})
