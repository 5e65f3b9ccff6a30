import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import type { Database } from "../src/Database.ts"
import { layerProvisioned, layerUrl } from "../src/Database.ts"
import * as DatabaseUrl from "../src/DatabaseUrl.ts"
import type { Migrations } from "../src/Migrations.ts"
import * as Postgres from "../src/Postgres.ts"
import * as PostgresTest from "../src/testing/PostgresTest.ts"

const migrations: Migrations = {
  "0001_tables": Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql.unsafe(`CREATE TABLE kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
      CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 2';
      INSERT INTO kept (name) VALUES ('from before')`)
  )
}

/** Enters as a service does. */
const enter = (database: Layer.Layer<Database, never>, service = "order") =>
  Layer.build(Postgres.layer({ service, migrations, maxConnections: 2 }).pipe(Layer.provide(database))).pipe(
    Effect.flatMap((context) => Effect.provide(PgClient.PgClient, context))
  )

const at = (admin: Redacted.Redacted<string>, secret: string) =>
  layerProvisioned({ admin, secret: Redacted.make(secret) })

const connect = (url: Redacted.Redacted<string>) =>
  PgClient.make({ url, maxConnections: 1 }).pipe(Effect.provide(Reactivity.layer))

const loginOf = (url: URL, role: string) => DatabaseUrl.withCredentials(url, role, Redacted.make("a b/c"))

describe("provisioning", () => {
  it.live("works for an owner who is no superuser, and again", () =>
    Effect.gen(function*() {
      const { admin, name, server } = yield* PostgresTest.emptyDatabase()
      yield* server.unsafe(
        `CREATE ROLE ${name}_owner LOGIN CREATEROLE PASSWORD 'a b/c'; ALTER DATABASE ${name} OWNER TO ${name}_owner`
      )
      const owner = loginOf(yield* DatabaseUrl.parse(admin, "admin"), `${name}_owner`)
      for (let round = 0; round < 2; round++) {
        const sql = yield* enter(layerProvisioned({ admin: owner, prefix: name }))
        assert.deepStrictEqual(yield* sql`SELECT current_user::text AS role`, [{ role: `${name}_order` }])
      }
    }).pipe(Effect.scoped))

  it.live("leaves the schema public and every other application's rights as they were", () =>
    Effect.gen(function*() {
      const { admin, name } = yield* PostgresTest.emptyDatabase()
      const root = yield* connect(admin)
      yield* root.unsafe(`CREATE TABLE public.theirs (id integer); CREATE ROLE ${name}_other;
        GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT SELECT ON public.theirs TO ${name}_other`)
      const rights = root`SELECT n.nspname, n.nspacl::text, d.datacl::text FROM pg_namespace AS n, pg_database AS d
        WHERE n.nspname = 'public' AND d.datname = current_database()`
      const before = yield* rights
      yield* enter(at(admin, "one"))
      assert.deepStrictEqual(yield* rights, before)
      yield* root.unsafe(`SET ROLE ${name}_other; SELECT * FROM public.theirs; CREATE TABLE public.more (); RESET ROLE`)
    }).pipe(Effect.scoped))

  it.live("gives a second installation on the same server roles of its own, so that both go on", () =>
    Effect.gen(function*() {
      const [one, other] = yield* Effect.all([PostgresTest.emptyDatabase(), PostgresTest.emptyDatabase()])
      const first = yield* enter(at(one.admin, "the one's secret"))
      yield* enter(at(other.admin, "the other's secret"))
      const found = yield* first`SELECT current_user::text AS role`
      assert.deepStrictEqual(found, [{ role: `quartet_${one.name}_order` }])
      // A connection that is made afterwards: its password was not changed meanwhile.
      yield* Effect.all([first`SELECT pg_sleep(0.1)`, first`SELECT pg_sleep(0.1)`], { concurrency: 2 })
    }).pipe(Effect.scoped))

  it.live("leaves a schema alone that another application has under this name, and says so", () =>
    Effect.gen(function*() {
      const { admin, name } = yield* PostgresTest.emptyDatabase()
      const root = yield* connect(admin)
      yield* root.unsafe(`CREATE ROLE ${name}_other; CREATE SCHEMA payment AUTHORIZATION ${name}_other;
        CREATE TABLE payment.invoices (); GRANT USAGE ON SCHEMA payment TO PUBLIC`)
      const state =
        root`SELECT nspowner::regrole::text, nspacl::text, (SELECT count(*) FROM pg_roles WHERE strpos(rolname, ${name}) > 0) AS roles
        FROM pg_namespace WHERE nspname = 'payment'`
      const before = yield* state
      const refused = yield* Effect.flip(enter(at(admin, "one"), "payment"))
      assert.strictEqual(
        refused.message,
        `The schema "payment" belongs to the role "${name}_other" and holds no tables of Quartet: it is left alone. ` +
          "Give Quartet a database of its own."
      )
      assert.deepStrictEqual(yield* state, before)
    }).pipe(Effect.scoped))

  it.live.each([
    { what: "is longer than PostgreSQL's names may be", database: `${"ü".repeat(20)}_shop` },
    { what: "holds quotes and signs", database: "it's \"50 %\"" }
  ])("works where the database's name $what", ({ database }) =>
    Effect.gen(function*() {
      const { admin, name, server } = yield* PostgresTest.emptyDatabase()
      const odd = `${name}${database}`
      const quoted = `"${odd.replaceAll("\"", "\"\"")}"`
      yield* Effect.acquireRelease(
        server.unsafe(`CREATE DATABASE ${quoted}`),
        () => Effect.orDie(server.unsafe(`DROP DATABASE ${quoted} WITH (FORCE)`))
      )
      const url = yield* DatabaseUrl.parse(admin, "admin")
      const sql = yield* enter(at(DatabaseUrl.withDatabase(url, odd), "one"))
      const [found] = yield* sql<{ role: string; bytes: number }>`SELECT current_user::text AS role,
        octet_length(current_user::text) AS bytes`
      assert.isAtMost(found?.bytes ?? 64, 63)
      assert.match(found?.role ?? "", /^quartet_quartet_test_.*_order$/)
    }).pipe(Effect.scoped))
})

/** What an installation looks like whose roles were made before their names carried the database's. */
const formerly = (service: string) => `
  CREATE ROLE quartet_${service} LOGIN PASSWORD 'a b/c';
  ALTER ROLE quartet_${service} SET search_path = ${service};
  CREATE SCHEMA ${service} AUTHORIZATION quartet_${service};
  REVOKE ALL ON SCHEMA ${service} FROM PUBLIC;
  REVOKE ALL ON SCHEMA public FROM PUBLIC`

describe("an installation from before roles were named after their database", () => {
  // A service that nobody else has, since its former role is the whole server's.
  const installed = Effect.gen(function*() {
    const service = `old${randomBytes(4).toString("hex")}`
    const { admin, server } = yield* PostgresTest.emptyDatabase()
    const root = yield* connect(admin)
    yield* Effect.acquireRelease(
      root.unsafe(formerly(service)),
      () => Effect.orDie(root.unsafe(`DROP OWNED BY quartet_${service}; DROP ROLE quartet_${service}`))
    )
    const former = loginOf(yield* DatabaseUrl.parse(admin, "admin"), `quartet_${service}`)
    return { service, admin, former, root, server }
  })

  it.live("goes on with what it kept, and its processes of before go on meanwhile", () =>
    Effect.gen(function*() {
      const { admin, former, root, service } = yield* installed
      const before = yield* connect(former)
      yield* before.unsafe(`CREATE TABLE migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now());
        INSERT INTO migrations VALUES ('0001_tables');
        CREATE TABLE kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
        CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 2';
        INSERT INTO kept (name) VALUES ('from before')`)
      const sql = yield* enter(at(admin, "one"), service)
      assert.deepStrictEqual(yield* sql`SELECT name, twice(4) AS eight FROM kept`, [{ name: "from before", eight: 8 }])
      yield* before.unsafe("INSERT INTO kept (name) VALUES ('meanwhile')")
      yield* sql.unsafe("ALTER TABLE kept ADD COLUMN later text")
      const owners = yield* root`SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = ${service})`
      assert.deepStrictEqual(owners, yield* sql`SELECT current_user::text AS owner`)
    }).pipe(Effect.scoped))

  it.live("lets a process of before be started again that was away when its schema was taken over", () =>
    Effect.gen(function*() {
      const { admin, former, service } = yield* installed
      yield* Effect.scoped(Effect.flatMap(
        connect(former),
        (before) =>
          before.unsafe(`CREATE TABLE migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now());
            INSERT INTO migrations VALUES ('0001_tables'); CREATE TABLE kept (name text)`)
      ))
      const sql = yield* enter(at(admin, "one"), service)
      const before = yield* connect(former)
      yield* before.unsafe("INSERT INTO kept VALUES ('from before')")
      assert.deepStrictEqual(yield* sql`SELECT name FROM kept`, [{ name: "from before" }])
    }).pipe(Effect.scoped))

  it.live("that was never used is taken over too", () =>
    Effect.gen(function*() {
      const { admin, service } = yield* installed
      const sql = yield* enter(at(admin, "one"), service)
      assert.deepStrictEqual(yield* sql`SELECT name FROM kept`, [{ name: "from before" }])
    }).pipe(Effect.scoped))
})

describe("a role of the operator's own", () => {
  const own = Effect.gen(function*() {
    const { admin, name } = yield* PostgresTest.emptyDatabase()
    const root = yield* connect(admin)
    yield* root.unsafe(
      `CREATE ROLE ${name}_own LOGIN PASSWORD 'a b/c'; CREATE SCHEMA "order" AUTHORIZATION ${name}_own`
    )
    const url = loginOf(yield* DatabaseUrl.parse(admin, "admin"), `${name}_own`)
    const settings = ConfigProvider.fromMap(new Map([["ORDER_DATABASE_URL", Redacted.value(url)]]))
    const start = enter(Layer.orDie(layerUrl)).pipe(Effect.withConfigProvider(settings))
    return { name, start, url }
  })

  it.live("is not changed; what its sessions lack is said, with what to run, and then they are limited (H158)", () =>
    Effect.gen(function*() {
      const { name, start, url } = yield* own
      const { message } = yield* Effect.flip(start)
      assert.include(
        message,
        `Sessions of the role "${name}_own" in the database "${name}" are not as the order service`
      )
      assert.include(message, "statement_timeout is \"0\" and must be \"10000\"")
      assert.include(message, "plan_cache_mode is \"auto\" and must be \"force_generic_plan\"")
      const [, statements = ""] = /superuser: (.*;) A pooler/.exec(message) ?? []
      yield* Effect.scoped(Effect.flatMap(connect(url), (sql) => sql.unsafe(statements)))
      const sql = yield* start
      const session = yield* sql`SELECT current_user::text AS role, current_schema() AS schema,
        current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock`
      assert.deepStrictEqual(session, [{ role: `${name}_own`, schema: "order", statement: "10s", lock: "5s" }])
    }).pipe(Effect.scoped))
})
