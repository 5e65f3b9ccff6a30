import * as Reactivity from "@effect/experimental/Reactivity"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { textOf } from "@quartet/messaging/Json"
import { Context, Effect, Layer, Option, Redacted, Schedule } from "effect"
import { chmod, mkdtemp, readFile, realpath, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Database, layerProvisioned } from "../src/Database.ts"
import { layerWith, running } from "../src/EmbeddedPostgres.ts"
import * as Postgres from "../src/Postgres.ts"
import { beginningOf } from "../src/ProcessTable.ts"
import type { Child } from "./Child.ts"
import { prepare, zombie } from "./Child.ts"

const root = process.getuid?.() === 0
const start = await prepare("holdPostgres")
const us = Effect.succeed(process.pid)
const nobody = { uid: 65534, gid: 65534 }

const temporary = (mode = 0o755, folderMode = 0o777) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), "quartet-embedded-"))
      await chmod(folder, mode & folderMode)
      return folder
    }),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )

const query = (url: Redacted.Redacted<string>, text: string) =>
  PgClient.make({ url, maxConnections: 1 }).pipe(
    Effect.flatMap((sql) => sql.unsafe<Record<string, unknown>>(text)),
    Effect.scoped,
    Effect.provide(Reactivity.layer)
  )

/** Runs the effect with an embedded PostgreSQL in the folder, which is stopped before the result is there. */
const within = <A, E>(home: string, use: (url: Redacted.Redacted<string>) => Effect.Effect<A, E>) =>
  Effect.flatMap(Database, ({ admin }) => use(Option.getOrThrow(admin))).pipe(Effect.provide(layerWith({ home })))

const postmasterOf = (home: string) =>
  Effect.promise(() => readFile(join(home, "postgres", "data", "postmaster.pid"), "utf8")).pipe(
    Effect.map((text) => Number(text.split("\n")[0]))
  )

/** Another process that holds the folder; resolves when it is ready. */
const hold = (home: string, user: { uid?: number; gid?: number } = {}) =>
  Effect.acquireRelease(
    Effect.async<{ readonly child: Child; readonly url: Redacted.Redacted<string> }, string>((resume) => {
      const child = start([home], user)
      let said = ""
      const hear = (chunk: Buffer) => {
        said += chunk.toString()
        const url = /^ready (.*)$/m.exec(said)?.[1]
        if (url !== undefined) resume(Effect.succeed({ child, url: Redacted.make(url) }))
      }
      child.stdout.on("data", hear)
      child.stderr.on("data", hear)
      child.once("exit", () => resume(Effect.fail(said)))
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGTERM")).pipe(Effect.zipRight(ended(child)))
  )

const ended = (child: Child) =>
  Effect.async<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

describe("the embedded PostgreSQL", { timeout: 60_000 }, () => {
  it.live("keeps what was committed over a restart, on loopback only, and its password to itself", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(), "home")
      yield* within(home, (url) => query(url, "CREATE TABLE kept AS SELECT 'é' AS word, now() AS at"))
      yield* within(home, (url) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* query(url, "SELECT word FROM kept"), [{ word: "é" }])
          const facts = yield* query(
            url,
            "SELECT current_setting('listen_addresses') AS listen, current_setting('fsync') AS fsync, current_setting('server_encoding') AS encoding"
          )
          assert.deepStrictEqual(facts, [{ listen: "127.0.0.1", fsync: "on", encoding: "UTF8" }])
        }))
      const { mode } = yield* Effect.promise(() => stat(join(home, "postgres", "password")))
      assert.strictEqual(mode & 0o777, 0o600)
      const left = yield* Effect.promise(() =>
        stat(join(home, "postgres", "data", "postmaster.pid")).catch(() => "gone")
      )
      assert.strictEqual(left, "gone")
    }).pipe(Effect.scoped))

  it.live("comes back on the same port when it is killed while we live (H157)", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(), "home")
      yield* within(home, (url) =>
        Effect.gen(function*() {
          yield* query(url, "CREATE TABLE kept AS SELECT 1 AS one")
          const killed = yield* postmasterOf(home)
          process.kill(killed, "SIGKILL")
          const rows = yield* query(url, "SELECT one FROM kept").pipe(
            Effect.retry(Schedule.spaced("100 millis").pipe(Schedule.upTo("20 seconds")))
          )
          assert.deepStrictEqual(rows, [{ one: 1 }])
          assert.notStrictEqual(yield* postmasterOf(home), killed)
        }))
    }).pipe(Effect.scoped))

  it.live("stops the server that a killed process left behind, and has its data", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(), "home")
      const { child, url } = yield* hold(home)
      yield* query(url, "CREATE TABLE kept AS SELECT 1 AS one")
      const orphan = yield* postmasterOf(home)
      child.kill("SIGKILL")
      yield* ended(child)
      assert.isTrue(process.kill(orphan, 0), "the server outlives the process that started it")
      yield* within(home, (url) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* query(url, "SELECT one FROM kept"), [{ one: 1 }])
          assert.notStrictEqual(yield* postmasterOf(home), orphan)
        }))
    }).pipe(Effect.scoped))

  it.live("is refused to a second process, which is told the folder and the process", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(), "home")
      const { child, url } = yield* hold(home)
      const error = yield* Effect.flip(within(home, () => Effect.void))
      assert.include(error.message, join(home, "postgres"))
      assert.include(error.message, `process ${child.pid} is using it`)
      assert.deepStrictEqual(yield* query(url, "SELECT 1 AS one"), [{ one: 1 }])
    }).pipe(Effect.scoped))

  it.live("waits for a process that still ends, and has its data", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(), "home")
      const { child } = yield* hold(home)
      yield* Effect.fork(Effect.delay(Effect.sync(() => child.kill("SIGTERM")), "1 second"))
      const rows = yield* within(home, (url) => query(url, "SELECT 1 AS one"))
      assert.deepStrictEqual(rows, [{ one: 1 }])
    }).pipe(Effect.scoped))

  describe("is not held by", () => {
    const cluster = "SELECT system_identifier::text AS id FROM pg_control_system()"

    it.live.each([
      { what: "a zombie that is never reaped", file: "claim", holder: zombie, began: beginningOf },
      { what: "a process that has the id of its holder", file: "claim", holder: us, began: () => Effect.succeed("1") },
      {
        what: "a server that is a zombie and is never reaped",
        file: "postmaster.pid",
        holder: zombie,
        began: beginningOf
      },
      { what: "a process that has the id of its server", file: "postmaster.pid", holder: us, began: beginningOf }
    ])("$what", ({ began, file, holder }) =>
      Effect.gen(function*() {
        const home = join(yield* temporary(), "home")
        const before = yield* within(home, (url) => query(url, cluster))
        const pid = yield* holder
        const folder = yield* Effect.promise(() => realpath(join(home, "postgres")))
        if (file === "claim") {
          const claim = textOf({ pid, began: yield* began(pid) })
          yield* Effect.promise(() => writeFile(join(folder, file), claim))
        } else {
          const data = join(folder, "data")
          const lines = [pid, data, 1, 5432, "", "127.0.0.1", "0 0", "ready   ", ""]
          yield* Effect.promise(() => writeFile(join(data, file), lines.join("\n"), { mode: 0o600 }))
          assert.deepStrictEqual(yield* running(home), Option.none(), "a dead server is found to run")
        }
        const after = yield* within(home, (url) => query(url, cluster))
        assert.deepStrictEqual(after, before)
      }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
  })

  it.live("may come later than the service that needs it, which waits (H166); a refusal does not wait", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(), "home")
      const admin = yield* within(home, (url) => Effect.succeed(url))
      const port = Number(new URL(Redacted.value(admin)).port)
      const service = (url: Redacted.Redacted<string>) =>
        Layer.build(
          Postgres.layer({ service: "order", migrations: {} }).pipe(Layer.provide(layerProvisioned({ admin: url })))
        )
      const waiting = yield* Effect.fork(service(admin))
      yield* Effect.gen(function*() {
        const sql = Context.get(yield* waiting, PgClient.PgClient)
        assert.deepStrictEqual(yield* sql`SELECT current_schema() AS schema`, [{ schema: "order" }])
        const wrong = new URL(Redacted.value(admin))
        wrong.password = "wrong"
        const error = yield* Effect.flip(service(Redacted.make(wrong.toString())))
        assert.strictEqual(error._tag, "SqlError")
      }).pipe(Effect.provide(layerWith({ home, port })))
    }).pipe(Effect.scoped))

  it.live("stops when its process is told to stop", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(), "home")
      const { child } = yield* hold(home)
      const postmaster = yield* postmasterOf(home)
      child.kill("SIGTERM")
      yield* ended(child)
      assert.throws(() => process.kill(postmaster, 0), /ESRCH/)
    }).pipe(Effect.scoped))

  it.live.skipIf(!root)("runs as root in a folder that PostgreSQL's user cannot enter", () =>
    Effect.gen(function*() {
      const home = join(yield* temporary(0o700), "home")
      yield* within(home, (url) => query(url, "CREATE TABLE kept AS SELECT 1 AS one"))
      yield* within(home, (url) =>
        Effect.map(query(url, "SELECT one FROM kept"), (rows) => assert.deepStrictEqual(rows, [{ one: 1 }])))
      const { realpath } = yield* Effect.promise(() =>
        import("node:fs/promises")
      )
      const elsewhere = yield* Effect.promise(() => realpath(join(home, "postgres")))
      assert.isFalse(elsewhere.startsWith(home))
      yield* Effect.promise(() => rm(elsewhere, { recursive: true }))
    }).pipe(Effect.scoped))

  it.live.skipIf(!root)(
    "runs for an ordinary user as that user, and afterwards for root as that user too",
    () =>
      Effect.gen(function*() {
        const home = join(yield* temporary(0o777), "home")
        const { child, url } = yield* hold(home, nobody)
        yield* query(url, "CREATE TABLE kept AS SELECT 1 AS one")
        child.kill("SIGTERM")
        yield* ended(child)
        const { uid } = yield* Effect.promise(() => stat(join(home, "postgres", "data")))
        assert.strictEqual(uid, nobody.uid)
        yield* within(
          home,
          (url) => Effect.map(query(url, "SELECT one FROM kept"), (rows) => assert.deepStrictEqual(rows, [{ one: 1 }]))
        )
      }).pipe(Effect.scoped)
  )
})
