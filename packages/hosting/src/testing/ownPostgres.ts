import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Config, Console, Effect, Option, Redacted, Schema } from "effect"
import type { TestProject } from "vitest/node"
// Types what is provided.
import "./globalSetup.ts"

const required = Config.boolean("CI_REQUIRE_POSTGRES").pipe(Config.withDefault(false))

/** Where Debian and most others have it, for whoever may make databases there without a password. */
const usual = [
  "postgres://postgres@127.0.0.1:5432/postgres",
  "postgres:///postgres?host=/var/run/postgresql&user=postgres",
  "postgres:///postgres?host=/tmp&user=postgres"
]

const Asked = Schema.Array(Schema.Struct({ version: Schema.String, mayMake: Schema.Boolean }))

/** Its version, where it can be entered by somebody who may make databases and roles. */
const enter = (url: string) =>
  PgClient.make({ url: Redacted.make(url), maxConnections: 1, connectTimeout: "3 seconds" }).pipe(
    Effect.flatMap((sql) =>
      sql`SELECT current_setting('server_version') AS version,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "mayMake"`
    ),
    Effect.flatMap(Schema.decodeUnknown(Asked)),
    Effect.map((rows) => Option.fromNullable(rows.find(({ mayMake }) => mayMake)?.version)),
    Effect.orElseSucceed(() => Option.none<string>()),
    Effect.scoped,
    Effect.provide(Reactivity.layer)
  )

const find = Effect.gen(function*() {
  const told = yield* Config.option(Config.nonEmptyString("TEST_DATABASE_URL"))
  for (const url of Option.match(told, { onNone: () => usual, onSome: (url) => [url] })) {
    const version = yield* enter(url)
    if (Option.isSome(version)) return Option.some({ url, version: version.value })
  }
  if (Option.isNone(told)) return Option.none()
  return yield* Effect.dieMessage("TEST_DATABASE_URL cannot be entered by a superuser.")
})

const reason =
  "There is no PostgreSQL of this machine's own: none at TEST_DATABASE_URL, 127.0.0.1:5432 or the usual sockets " +
  "that a superuser may enter without a password."

/**
 * The PostgreSQL that is installed on this machine, where our own comes from the package registry: another major, built by
 * others, with JIT. Without one these tests are left out aloud, and are a failure where they are required.
 */
export default async function setup(project: TestProject): Promise<void> {
  const found = await Effect.runPromise(find)
  if (Option.isSome(found)) {
    project.provide("databaseUrl", found.value.url)
    return await Effect.runPromise(Console.log(`The machine's own PostgreSQL is ${found.value.version}.`))
  }
  if (await Effect.runPromise(required)) throw new Error(reason)
  await Effect.runPromise(Console.warn(`\nTHE TESTS ON THE MACHINE'S OWN POSTGRESQL DID NOT RUN. ${reason}\n`))
  // Vitest asks for the files after this.
  project.config.include = []
}
