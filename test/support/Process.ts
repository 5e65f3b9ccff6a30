import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { commandOf, isAlive, signal } from "@quartet/hosting/ProcessTable"
import type { Scope } from "effect"
import { Deferred, Effect, Redacted, Schedule, Schema } from "effect"
import { execFile, spawn } from "node:child_process"
import { chmod, chown, mkdtemp, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Ports } from "quartet/Ports"
import { freePorts, settingsOf } from "./Addresses.ts"

/** A process ended, or said nothing, where something else was waited for. */
export class NotAsExpected extends Schema.TaggedError<NotAsExpected>()("NotAsExpected", {
  what: Schema.String,
  stderr: Schema.String
}) {
  override get message() {
    return `${this.what}\n${this.stderr.slice(-4000)}`
  }
}

/** How a process ended: by its exit code, or by a signal. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A command that runs, or ran. */
export interface Running {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Effect.Effect<Ending>
  /** Tells the process, and nobody else. */
  readonly tell: (name: NodeJS.Signals) => Effect.Effect<void>
  /** What a terminal does on Ctrl-C: every process of the group hears it. */
  readonly tellGroup: (name: NodeJS.Signals) => Effect.Effect<void>
}

/** Whom a process runs as; absent is whoever runs the tests. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** The command line of this release. */
export const program = join(
  dirname(createRequire(import.meta.url).resolve("quartet/package.json")),
  "bin",
  "quartet.js"
)

/**
 * Runs `quartet` with these arguments and nothing in its environment but these settings. It does not outlive the scope.
 * `of` is the command line of another release.
 */
export const quartet = (
  args: ReadonlyArray<string>,
  settings: ReadonlyMap<string, string>,
  user: User | undefined = undefined,
  of = program
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const gone = yield* Deferred.make<Ending>()
      const child = spawn(process.execPath, [of, ...args], {
        env: { PATH: "/usr/bin:/bin", ...Object.fromEntries(settings) },
        // A group of its own, so that the terminal's signals can be sent to it.
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        ...user
      })
      const out: Array<string> = []
      const err: Array<string> = []
      child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text))
      child.stderr.setEncoding("utf8").on("data", (text: string) => err.push(text))
      // Unlike `exit`, `close` comes when everything it said was read.
      child.once("close", (code, name) => Deferred.unsafeDone(gone, Effect.succeed({ code, signal: name })))
      const pid = child.pid ?? 0
      return {
        pid,
        stdout: () => out.join(""),
        stderr: () => err.join(""),
        ended: Deferred.await(gone),
        tell: (name) => signal(pid, name),
        tellGroup: (name) => signal(-pid, name)
      } satisfies Running
    }),
    ({ ended, tell }) => Effect.zipRight(tell("SIGKILL"), ended)
  )

/**
 * Runs `quartet` as `quartet` above does, below a parent that never asks how its children ended, as the first process of a
 * container may be: what is killed stays a zombie until the scope closes.
 */
export const unreaped = (args: ReadonlyArray<string>, settings: ReadonlyMap<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      // The shell becomes a program that knows of no child.
      const parent = spawn("sh", [
        "-c",
        `"$@" & echo "pid $!"; exec sleep 600`,
        "sh",
        process.execPath,
        program,
        ...args
      ], {
        env: { PATH: "/usr/bin:/bin", ...Object.fromEntries(settings) },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const out: Array<string> = []
      const err: Array<string> = []
      parent.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text))
      parent.stderr.setEncoding("utf8").on("data", (text: string) => err.push(text))
      const stdout = () => out.join("")
      return { parent, stdout, stderr: () => err.join(""), pid: () => Number(/^pid (\d+)$/m.exec(stdout())?.[1] ?? 0) }
    }),
    ({ parent, pid }) =>
      Effect.gen(function*() {
        if (pid() > 0) yield* signal(pid(), "SIGKILL")
        parent.kill("SIGKILL")
      })
  )

/** A folder and ports that nobody else uses, and the settings that say so. */
export interface Home {
  readonly folder: string
  readonly ports: Ports
  readonly settings: ReadonlyMap<string, string>
}

/** Makes a home; with the scope it goes away, and with it a PostgreSQL that was left behind in it. */
export const makeHome = Effect.fn("Process.makeHome")(
  function*(settings: Readonly<Record<string, string>> = {}, user: User | undefined = undefined) {
    const parent = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "quartet-process-"))),
      (folder) =>
        Effect.zipRight(
          stopOrphan(join(folder, "home")),
          Effect.promise(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
        )
    )
    // PostgreSQL's own user must get through when root runs the tests.
    yield* Effect.promise(() => chmod(parent, 0o755))
    if (user !== undefined) yield* Effect.promise(() => chown(parent, user.uid, user.gid))
    const folder = join(parent, "home")
    const ports = yield* freePorts
    const { order: database } = yield* freePorts
    const ours = { POSTGRES_PORT: `${database}`, LOG_LEVEL: "WARN", ...settings }
    return { folder, ports, settings: settingsOf(ports, folder, ours) } satisfies Home
  }
)

/** Starts everything in one process and waits until it says that it is ready. */
export const start = Effect.fn("Process.start")(function*(home: Home, user: User | undefined = undefined) {
  const running = yield* quartet(["start"], home.settings, user)
  const ready = Effect.repeat(Effect.sync(running.stdout), {
    schedule: Schedule.spaced("20 millis"),
    until: (said) => said.includes("is ready")
  })
  const early = Effect.flatMap(
    running.ended,
    ({ code }) =>
      new NotAsExpected({ what: `It ended with ${code} instead of getting ready.`, stderr: running.stderr() })
  )
  yield* Effect.raceFirst(ready, early).pipe(
    Effect.timeoutFail({
      duration: "90 seconds",
      onTimeout: () => new NotAsExpected({ what: "It did not get ready.", stderr: running.stderr() })
    })
  )
  return running
})

/** Ends a process as `kill -9` does, and waits until it is gone. */
export const kill = ({ ended, tell }: Running) => Effect.zipRight(tell("SIGKILL"), ended)

const pidFile = (folder: string) =>
  Effect.map(
    Effect.promise(() => readFile(join(folder, "postgres", "data", "postmaster.pid"), "utf8").catch(() => "")),
    (text) => text.split("\n").map((line) => line.trim())
  )

/** The id of the home's PostgreSQL, or 0 when none runs. */
export const postmaster = Effect.fn("Process.postmaster")(function*(folder: string) {
  const pid = Number((yield* pidFile(folder))[0] ?? "")
  if (!(yield* isAlive(pid))) return 0
  const command = yield* commandOf(pid)
  return command.includes(join("postgres", "data")) ? pid : 0
}, Effect.provide(NodeFileSystem.layer))

/** Where the home's PostgreSQL lets a superuser in: its password and its port are in the home. */
export const adminOf = Effect.fn("Process.adminOf")(function*({ folder }: Home) {
  const password = yield* Effect.promise(() => readFile(join(folder, "postgres", "password"), "utf8"))
  const [, , , port] = yield* pidFile(folder)
  return Redacted.make(`postgres://postgres:${encodeURIComponent(password.trim())}@127.0.0.1:${port}/postgres`)
})

/** Waits until a process is gone, or dead and only not buried by its parent yet. */
export const gone = (pid: number) =>
  isAlive(pid).pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), while: (lives) => lives }),
    Effect.asVoid,
    Effect.provide(NodeFileSystem.layer)
  )

/** The processes of a group that live, as the system lists them: their ids and states. */
export const livingOf = (group: number): Effect.Effect<ReadonlyArray<string>> =>
  Effect.async((resume) => {
    execFile("ps", ["-A", "-o", "pgid=,pid=,stat="], (_, out) => {
      const rows = out.split("\n").map((line) => line.trim().split(/\s+/))
      const living = rows.filter(([pgid, , state = ""]) => pgid === `${group}` && !/^[ZX]/.test(state))
      resume(Effect.succeed(living.map(([, pid, state]) => `${pid} ${state}`)))
    })
  })

const stopOrphan = Effect.fn("Process.stopOrphan")(function*(folder: string) {
  const pid = yield* postmaster(folder)
  if (pid === 0) return
  // At once and without a checkpoint: the data is thrown away.
  yield* signal(pid, "SIGQUIT")
  yield* Effect.interruptible(gone(pid)).pipe(
    Effect.timeout("5 seconds"),
    Effect.catchTag("TimeoutException", () => Effect.zipRight(signal(pid, "SIGKILL"), gone(pid)))
  )
})
