import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { stat } from "node:fs/promises"
import type { Server } from "node:net"
import { createServer } from "node:net"
import { join } from "node:path"
import { freePorts, settingsOf } from "../support/Addresses.ts"
import * as Process from "../support/Process.ts"

const secret = "hunter2-is-nobodys-business"

/** One home for all: it is filled once, and whoever is refused leaves it as it was. */
class Home extends Context.Tag("@quartet/test/Home")<Home, Process.Home>() {}

/** The settings of the home with these in the place of its own; an absent one is taken away. */
const settingsWith = (more: Readonly<Record<string, string | undefined>>) =>
  Effect.map(Home, ({ settings }) => {
    const changed = Object.entries({ ...Object.fromEntries(settings), ...more })
    return new Map(
      changed.flatMap(([name, value]) => value === undefined ? [] : [[name, value] satisfies [string, string]])
    )
  })

const shared = layer(Layer.scoped(Home, Process.makeHome()), { excludeTestServices: true, timeout: 150_000 })

/** Runs a command to its end, which must come soon. */
const ended = Effect.fn("ended")(function*(args: ReadonlyArray<string>, settings: ReadonlyMap<string, string>) {
  const command = yield* Process.quartet(args, settings)
  const { code } = yield* command.ended.pipe(Effect.timeoutFail({
    duration: "30 seconds",
    onTimeout: () => new Process.NotAsExpected({ what: "It did not end.", stderr: command.stderr() })
  }))
  return { code, stdout: command.stdout(), stderr: command.stderr() }
})

/** One sentence for a person, and no trace of the program's inside. */
const assertSentence = (text: string) => {
  assert.notMatch(text, /\bat \S+ \(|node:internal|\.js:\d+|Config(Error|Provider)|\(Missing data|\(Invalid data/)
  assert.strictEqual(text.trim().split("\n").length, 1, text)
}

shared("starting", (it) => {
  it.effect.each([
    { name: "ORDER_PORT", value: secret },
    { name: "AUTH_SECRET", value: secret },
    { name: "AUTH_PUBLIC_KEY", value: secret },
    { name: "DATABASE_URL", value: `mysql://quartet:${secret}@127.0.0.1/quartet` },
    { name: "WAREHOUSE_DISPATCH_AFTER", value: secret },
    { name: "STRIPE_API_BASE", value: secret },
    { name: "LOG_LEVEL", value: secret },
    { name: "LOG_FORMAT", value: secret }
  ])(
    "is refused when $name is wrong, naming it and never its value (H173)",
    ({ name, value }) =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* ended(["start"], yield* settingsWith({ [name]: value }))
        assert.strictEqual(code, 1)
        assert.include(stderr, name)
        assert.notInclude(stderr + stdout, "hunter2")
        assert.strictEqual(stdout, "")
        assertSentence(stderr)
      }).pipe(Effect.scoped)
  )

  it.effect("judges all settings of a service before it waits for its database, and names each wrong one (H173)", () =>
    Effect.gen(function*() {
      const wrong = { ORDER_MAX_LINES: "0", CORS_ORIGINS: "*", ORDER_HOLD_EXPIRES_AFTER: secret }
      const away = { DATABASE_URL: "postgres://nobody:nothing@127.0.0.1:1/none", AMQP_URL: "amqp://127.0.0.1:1" }
      const { code, stderr, stdout } = yield* ended(["serve", "order"], yield* settingsWith({ ...away, ...wrong }))
      assert.strictEqual(code, 1)
      for (const name of Object.keys(wrong)) assert.include(stderr, `The setting ${name} is not valid.`)
      assert.notInclude(stderr + stdout, secret)
      assertSentence(stderr)
    }).pipe(Effect.scoped))

  it.effect("names the setting to change where a port is taken", () =>
    Effect.gen(function*() {
      const taken = yield* Effect.acquireRelease(
        Effect.async<Server>((resume) => {
          const server = createServer()
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
      )
      const address = taken.address()
      const port = typeof address === "object" && address !== null ? `${address.port}` : ""
      const { code, stderr } = yield* ended(["start"], yield* settingsWith({ PRICES_PORT: port }))
      assert.strictEqual(code, 1)
      assert.include(stderr, `127.0.0.1:${port}`)
      assert.include(stderr, "Change the setting PRICES_PORT.")
    }).pipe(Effect.scoped))

  it.effect("is refused where the file of a setting cannot be read, or says what the setting says (H173)", () =>
    Effect.gen(function*() {
      const DATABASE_URL_FILE = "/nowhere/url"
      const absent = yield* ended(["start"], yield* settingsWith({ DATABASE_URL_FILE }))
      assert.include(absent.stderr, "The setting DATABASE_URL_FILE is not valid.")
      const both = yield* settingsWith({ DATABASE_URL_FILE, DATABASE_URL: "postgres://127.0.0.1/quartet" })
      assert.include((yield* ended(["start"], both)).stderr, "Expected to be absent where DATABASE_URL is set.")
    }).pipe(Effect.scoped))

  it.effect("is refused in production without a key, which is named (H173)", () =>
    Effect.gen(function*() {
      const settings = yield* settingsWith({ NODE_ENV: "production", AUTH_PUBLIC_KEY: undefined })
      const { code, stderr } = yield* ended(["start"], settings)
      assert.strictEqual(code, 1)
      assert.include(stderr, "AUTH_PUBLIC_KEY")
      assertSentence(stderr)
    }).pipe(Effect.scoped))

  it.effect("prints its welcome and nothing else, where its output is no terminal", () =>
    Effect.gen(function*() {
      const home = yield* Process.makeHome()
      const settings = new Map([...home.settings].filter(([name]) => name !== "LOG_LEVEL"))
      const { stderr, stdout } = yield* Process.start({ ...home, settings })
      assert.strictEqual(stderr(), "")
      assert.match(stdout().trimStart(), /^Quartet is ready/)
    }).pipe(Effect.scoped), 100_000)

  it.effect("is refused where another process lives, and that one lives on", () =>
    Effect.gen(function*() {
      const home = yield* Home
      const first = yield* Process.start(home)
      const other = settingsOf(yield* freePorts, home.folder, { LOG_LEVEL: "WARN" })
      const second = yield* ended(["start"], other)
      assert.strictEqual(second.code, 1)
      const [waiting = "", refusal = "", ...more] = second.stderr.trim().split("\n")
      assert.include(waiting, `Process ${first.pid} is using`)
      assert.include(refusal, `process ${first.pid} is using it`)
      assert.include(refusal, "QUARTET_HOME")
      assertSentence(refusal)
      assert.deepStrictEqual(more, [])
      assert.strictEqual(second.stdout, "")
      assert.isAbove(yield* Process.postmaster(home.folder), 0)
      yield* first.tell("SIGTERM")
      assert.deepStrictEqual(yield* first.ended, { code: 0, signal: null })
    }).pipe(Effect.scoped), 60_000)

  it.effect("needs no rights: an ordinary user has all of it to himself", () =>
    Effect.gen(function*() {
      // Whoever runs the tests is an ordinary user already, unless it is root; then it is the user without any rights.
      const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined
      const home = yield* Process.makeHome({}, user)
      const running = yield* Process.start(home, user)
      const data = yield* Effect.promise(() => stat(join(home.folder, "postgres", "data")))
      assert.strictEqual(data.uid, user?.uid ?? process.getuid?.())
      assert.notStrictEqual(data.uid, 0)
      yield* running.tell("SIGTERM")
      assert.deepStrictEqual(yield* running.ended, { code: 0, signal: null })
      assert.strictEqual(yield* Process.postmaster(home.folder), 0)
    }).pipe(Effect.scoped), 60_000)
})

shared("a token", (it) => {
  it.effect.each([["--customer", "alice"], ["--operator"]])(
    "is all that is printed (%s)",
    (args) =>
      Effect.gen(function*() {
        const { settings } = yield* Home
        const { code, stderr, stdout } = yield* ended(["token", ...args], settings)
        assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
        assert.strictEqual(stderr, "")
        assert.strictEqual(code, 0)
      }).pipe(Effect.scoped)
  )

  it.effect("is not made in production", () =>
    Effect.gen(function*() {
      const settings = yield* settingsWith({ NODE_ENV: "production" })
      const { code, stderr, stdout } = yield* ended(["token", "--customer", "alice"], settings)
      assert.strictEqual(code, 1)
      assert.strictEqual(stdout, "")
      assert.include(stderr, "NODE_ENV")
      assertSentence(stderr)
    }).pipe(Effect.scoped))
})
