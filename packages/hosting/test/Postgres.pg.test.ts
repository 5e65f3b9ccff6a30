import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Predicate, Redacted } from "effect"
import { Database, layerProvisioned } from "../src/Database.ts"
import type { Migrations } from "../src/Migrations.ts"
import * as Postgres from "../src/Postgres.ts"
import * as PostgresTest from "../src/testing/PostgresTest.ts"

const table = (name: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE ${sql(name)} (id bigint PRIMARY KEY)`)

const migrations: Migrations = { "0002_second": table("second"), "0001_first": table("first") }

const codeOf = (cause: unknown): unknown => Predicate.hasProperty(cause, "code") ? cause.code : undefined

const refusalOf = <A, R>(effect: Effect.Effect<A, SqlError, R>) =>
  Effect.map(Effect.flip(effect), (error) => codeOf(error.cause))

layer(PostgresTest.layer({ service: "order", migrations }), { excludeTestServices: true })(
  "a service's client",
  (it) => {
    it.effect("works in its own schema alone, after its migrations ran in the order of their names", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const names = yield* sql`SELECT name FROM "order".migrations ORDER BY applied_at, name`
        assert.deepStrictEqual(names, [{ name: "0001_first" }, { name: "0002_second" }])
        yield* sql`INSERT INTO first (id) VALUES (9007199254740993)`
        assert.deepStrictEqual(yield* sql`SELECT id FROM "order".first`, [{ id: "9007199254740993" }])
      }))

    it.effect("has its statements, locks and idle transactions limited by its role (H158)", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const sources = yield* sql`SELECT name, setting, source FROM pg_settings
          WHERE name IN ('search_path', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'jit')
          ORDER BY name`
        const source = "database user"
        assert.deepStrictEqual(sources, [
          { name: "idle_in_transaction_session_timeout", setting: "15000", source },
          { name: "jit", setting: "off", source },
          { name: "lock_timeout", setting: "5000", source },
          { name: "search_path", setting: "\"order\"", source },
          { name: "statement_timeout", setting: "10000", source }
        ])
      }))

    it.effect("keeps one plan for each statement, also when its table grew and was analysed", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const insert = (id: number) =>
          sql`INSERT INTO second (id) SELECT ${id}::bigint + g FROM generate_series(1, 1000) AS g`
        const planned = sql.withTransaction(Effect.gen(function*() {
          yield* Effect.forEach([0, 1, 2, 3, 4, 5, 6], (id) => insert(id * 1000))
          yield* sql`ANALYZE second`
          yield* Effect.forEach([7, 8, 9], (id) => insert(id * 1000))
          return yield* sql`SELECT generic_plans::integer AS kept, custom_plans::integer AS anew
            FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO second%'`
        }))
        assert.deepStrictEqual(yield* planned, [{ kept: 10, anew: 0 }])
      }))

    it.effect("is refused in another service's schema, in public, and as a maker of schemas or roles (H161)", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* Layer.build(Postgres.layer({ service: "payment", migrations }))
        for (
          const statement of [
            "SELECT * FROM payment.first",
            "INSERT INTO payment.first VALUES (1)",
            "CREATE TABLE payment.mine ()",
            "CREATE TABLE public.mine ()",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "DROP SCHEMA payment"
          ]
        ) {
          assert.strictEqual(yield* refusalOf(sql.unsafe(statement)), "42501", statement)
        }
        const reachable = yield* sql`SELECT nspname FROM pg_namespace
        WHERE has_schema_privilege(oid, 'USAGE') AND nspname !~ '^pg_' AND nspname <> 'information_schema'`
        assert.sameDeepMembers([...reachable], [{ nspname: "order" }, { nspname: "public" }])
      }).pipe(Effect.scoped))

    it.effect("does not share its connections with another service of the same process", () =>
      Effect.gen(function*() {
        const other = yield* Layer.build(Postgres.layer({ service: "inventory", migrations: {} }))
        const ask = Effect.flatMap(
          PgClient.PgClient,
          (sql) => sql`SELECT current_user::text AS role, current_schema() AS schema`
        )
        const [[mine], [theirs]] = yield* Effect.all([ask, Effect.provide(ask, other)])
        assert.deepInclude(mine, { schema: "order" })
        assert.deepInclude(theirs, { schema: "inventory" })
      }).pipe(Effect.scoped))

    it.effect("survives the loss of its idle connections (H156)", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const { admin } = yield* Database
        const root = yield* PgClient.make({ url: Option.getOrThrow(admin) })
        yield* Effect.all(Array.from({ length: 4 }, () => sql`SELECT pg_sleep(0.05)`), { concurrency: 4 })
        const cut = yield* root`SELECT pg_terminate_backend(pid, 5000) AS gone FROM pg_stat_activity
        WHERE application_name = 'quartet order' AND datname = current_database()`
        assert.isAtLeast(cut.length, 4)
        const answers = yield* Effect.all(
          Array.from({ length: 8 }, () => Effect.retry(sql`SELECT 1 AS one`, { times: 4 })),
          { concurrency: 8 }
        )
        assert.strictEqual(answers.length, 8)
      }).pipe(Effect.scoped, Effect.provide(Reactivity.layer)))

    it.effect("answers an exhausted pool with an error instead of waiting for ever (H155)", () =>
      Effect.gen(function*() {
        const one = yield* Layer.build(Postgres.layer({ service: "order", migrations, maxConnections: 1 }))
        const sql = yield* Effect.provide(PgClient.PgClient, one)
        yield* sql.reserve
        const error = yield* Effect.flip(sql`SELECT 1`)
        assert.strictEqual(error.message, "Failed to acquire connection")
      }).pipe(Effect.scoped))
  }
)

describe("a database that compiles every plan", () => {
  it.live("does not for a service", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(Postgres.layer({ service: "order", migrations }))
      const sql = yield* Effect.provide(PgClient.PgClient, context)
      const plan = yield* sql.unsafe<Record<string, string>>("EXPLAIN SELECT count(*) FROM first")
      assert.isAbove(plan.length, 1)
      assert.notMatch(plan.flatMap(Object.values).join(" "), /JIT/)
    }).pipe(
      Effect.scoped,
      Effect.provide(PostgresTest.databaseWith({
        statements: ["ALTER DATABASE %I SET jit = on", "ALTER DATABASE %I SET jit_above_cost = 0"]
      }))
    ))
})

describe("migrations", () => {
  it.live("are applied once when several processes start together (H160)", () =>
    Effect.gen(function*() {
      const together = Array.from({ length: 6 }, () => Layer.build(Postgres.layer({ service: "order", migrations })))
      const contexts = yield* Effect.all(together, { concurrency: "unbounded" })
      const rows = yield* Effect.forEach(contexts, (context) =>
        Effect.provide(Effect.flatMap(PgClient.PgClient, (sql) => sql`SELECT name FROM migrations`), context))
      assert.deepStrictEqual(
        rows.map((found) =>
          found.length
        ),
        [2, 2, 2, 2, 2, 2]
      )
    }).pipe(Effect.scoped, Effect.provide(PostgresTest.database)))

  it.live("that come late with a lower number are applied too", () =>
    Effect.gen(function*() {
      yield* Layer.build(Postgres.layer({ service: "order", migrations }))
      const later = { ...migrations, "0001_late": table("late") }
      const context = yield* Layer.build(Postgres.layer({ service: "order", migrations: later }))
      const sql = yield* Effect.provide(PgClient.PgClient, context)
      assert.deepStrictEqual(yield* sql`SELECT count(*) FROM late`, [{ count: "0" }])
    }).pipe(Effect.scoped, Effect.provide(PostgresTest.database)))

  it.live("that fail leave nothing behind and say which one it was", () =>
    Effect.gen(function*() {
      const broken = { ...migrations, "0003_broken": table("first") }
      const error = yield* Effect.flip(Layer.build(Postgres.layer({ service: "order", migrations: broken })))
      assert.strictEqual(
        error.message,
        "Migration 0003_broken of schema order failed: relation \"first\" already exists (42P07)."
      )
      const context = yield* Layer.build(Postgres.layer({ service: "order", migrations: {} }))
      const sql = yield* Effect.provide(PgClient.PgClient, context)
      assert.deepStrictEqual(yield* sql`SELECT name FROM migrations`, [])
    }).pipe(Effect.scoped, Effect.provide(PostgresTest.database)))
})

describe("a database that is away at start", () => {
  const at = (url: string) => layerProvisioned({ admin: Redacted.make(url) })
  // Nobody listens on the first port there is.
  const away = at("postgres://postgres:secret@127.0.0.1:1/postgres")
  const starting = (database: Layer.Layer<Database>, patience?: Duration.DurationInput) => {
    const built = Effect.scoped(
      Layer.build(Postgres.layer({ service: "order", migrations }).pipe(Layer.provide(database)))
    )
    return patience === undefined
      ? built
      : Effect.provideService(built, Postgres.Patience, Duration.decode(patience))
  }

  it.live("is waited for as long as the process is told, and no longer (H166)", () =>
    Effect.gen(function*() {
      const ended = yield* Effect.flip(starting(away, "300 millis"))
      assert.strictEqual(ended._tag, "SqlError")
      const patient = yield* starting(away, Duration.infinity).pipe(Effect.timeoutOption("2 seconds"))
      assert.isTrue(Option.isNone(patient))
    }))

  it.live("is not waited for when it is there and refuses us, however patient the process is (H173)", () =>
    Effect.gen(function*() {
      const { admin } = yield* Database
      const url = new URL(Redacted.value(Option.getOrThrow(admin)))
      // Refused also where everybody is trusted.
      url.username = "nobody_of_this_name"
      url.password = "wrong"
      const refused = yield* Effect.flip(starting(at(url.toString()), Duration.infinity)).pipe(
        Effect.timeout("20 seconds")
      )
      assert.strictEqual(refused._tag, "SqlError")
    }).pipe(Effect.provide(PostgresTest.database)))
})
