import * as FileSystem from "@effect/platform/FileSystem"
import { Deferred, Effect, Option, Schedule } from "effect"
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import type { DataFolder } from "./DataFolder.ts"
import { EmbeddedPostgresFailed } from "./EmbeddedPostgresFailed.ts"
import type { PostgresBinaries } from "./PostgresBinaries.ts"
import { commandOf, isAlive, isListed, signal } from "./ProcessTable.ts"

/** A running server's main process. */
export interface Postmaster {
  readonly pid: number
  /** Completes when the process is gone. */
  readonly gone: Deferred.Deferred<void>
}

const soon = Schedule.spaced("10 millis")

/**
 * Starts a program as the folder's user, in a process group of its own: Ctrl-C in a terminal reaches this process alone,
 * which then decides when PostgreSQL stops. What it prints goes to the log.
 */
const spawnIn = (folder: DataFolder, program: string, args: ReadonlyArray<string>): ChildProcess => {
  const log = openSync(folder.log, "a", 0o600)
  try {
    return spawn(program, args, {
      cwd: folder.folder,
      // Nothing of the surroundings: neither secrets nor PG* settings.
      env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
      detached: true,
      stdio: ["ignore", log, log],
      ...Option.getOrUndefined(folder.user)
    })
  } finally {
    closeSync(log)
  }
}

/** Makes an empty cluster that depends on no locale or time zone of the system. */
export const initialize = Effect.fn("Postmaster.initialize")(function*(folder: DataFolder, binaries: PostgresBinaries) {
  const fs = yield* FileSystem.FileSystem
  if (yield* fs.exists(folder.data)) return
  // Moved to its name only when it is whole, so that a crash leaves no half of it.
  const half = `${folder.data}.new`
  yield* fs.remove(half, { recursive: true, force: true })
  const code = yield* Effect.async<number>((resume) => {
    const child = spawnIn(folder, binaries.initdb, [
      `--pgdata=${half}`,
      "--username=postgres",
      `--pwfile=${folder.passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--wal-segsize=1",
      "--no-sync",
      "--no-instructions"
    ])
    child.once("error", () => resume(Effect.succeed(-1)))
    child.once("exit", (status) => resume(Effect.succeed(status ?? -1)))
  })
  if (code !== 0) return yield* failed(folder, "initdb failed")
  yield* fs.rename(half, folder.data)
})

/** Starts the server and waits until it accepts connections, crash recovery included. */
export const start = Effect.fn("Postmaster.start")(function*(
  folder: DataFolder,
  binaries: PostgresBinaries,
  settings: Readonly<Record<string, string>>
) {
  const gone = yield* Deferred.make<void>()
  const child = yield* Effect.sync(() => {
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const child = spawnIn(folder, binaries.postgres, ["-D", folder.data, ...args])
    child.once("error", () => Deferred.unsafeDone(gone, Effect.void))
    child.once("exit", () => Deferred.unsafeDone(gone, Effect.void))
    return child
  })
  const postmaster: Postmaster = { pid: child.pid ?? 0, gone }
  const ready = Effect.map(
    readPidFile(folder),
    (lines) => lines[0]?.trim() === String(postmaster.pid) && lines[7]?.trim() === "ready"
  )
  yield* ready.pipe(
    Effect.repeat({ schedule: soon, until: (isReady) => isReady }),
    Effect.timeoutFail({ duration: "2 minutes", onTimeout: () => "too late" }),
    Effect.raceFirst(Effect.zipRight(Deferred.await(gone), Effect.fail("gone"))),
    // The caller acquires a resource and is not interruptible, but neither a race nor a limit ends without this.
    Effect.interruptible,
    Effect.tapError(() => stop(postmaster)),
    Effect.catchAll(() => failed(folder, "the server did not start")),
    Effect.onInterrupt(() => stop(postmaster))
  )
  return postmaster
})

/** Fast shutdown, which rolls back and disconnects; if that takes too long, the abrupt one, which recovers at next start. */
export const stop = Effect.fn("Postmaster.stop")(function*({ gone, pid }: Pick<Postmaster, "pid" | "gone">) {
  if (pid === 0 || (yield* Deferred.isDone(gone))) return
  yield* signal(pid, "SIGINT")
  const end = Effect.interruptible(Deferred.await(gone))
  yield* end.pipe(
    Effect.timeout("10 seconds"),
    Effect.catchTag(
      "TimeoutException",
      () => Effect.zipRight(signal(pid, "SIGQUIT"), Effect.timeoutOption(end, "5 seconds"))
    )
  )
}, Effect.uninterruptible)

/**
 * A process that was killed leaves its postmaster behind, which blocks the next start. Only the process that holds the
 * folder may call this.
 */
export const stopOrphan = Effect.fn("Postmaster.stopOrphan")(function*(folder: DataFolder) {
  const fs = yield* FileSystem.FileSystem
  const orphan = yield* runningIn(folder)
  if (Option.isSome(orphan)) yield* end(folder, orphan.value)
  // PostgreSQL takes any process with this id for a running server: a zombie, or a stranger that was given the id since.
  const left = Number((yield* readPidFile(folder))[0])
  if (isListed(left)) yield* fs.remove(pidFile(folder), { force: true })
})

const end = Effect.fn("Postmaster.end")(function*(folder: DataFolder, pid: number) {
  yield* Effect.logWarning(`Stopping the PostgreSQL that an earlier process left behind (process ${pid}).`)
  const gone = isAlive(pid).pipe(Effect.repeat({ schedule: soon, while: (lives) => lives }))
  yield* signal(pid, "SIGINT")
  yield* gone.pipe(
    Effect.timeout("15 seconds"),
    Effect.catchTag(
      "TimeoutException",
      () => Effect.zipRight(signal(pid, "SIGQUIT"), Effect.timeout(gone, "10 seconds"))
    ),
    Effect.catchTag("TimeoutException", () => failed(folder, `the left-over process ${pid} does not stop`))
  )
})

/** The process of the server that runs on this data; none where the id belongs to a zombie or to a stranger. */
export const runningIn = Effect.fn("Postmaster.runningIn")(function*(folder: Pick<DataFolder, "data">) {
  const pid = Number((yield* readPidFile(folder))[0])
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(yield* isAlive(pid))) return Option.none()
  return (yield* commandOf(pid)).includes(folder.data) ? Option.some(pid) : Option.none()
})

const pidFile = ({ data }: Pick<DataFolder, "data">) => join(data, "postmaster.pid")

/** The lines of the file in which a running server describes itself; none when there is none. */
export const readPidFile = (folder: Pick<DataFolder, "data">) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(pidFile(folder))).pipe(
    Effect.map((text) => text.split("\n")),
    Effect.orElseSucceed((): ReadonlyArray<string> => [])
  )

/** Quotes the last error of the log: it names what the operator must change. */
const failed = Effect.fn("Postmaster.failed")(function*(folder: DataFolder, what: string) {
  const fs = yield* FileSystem.FileSystem
  const log = yield* fs.readFileString(folder.log).pipe(Effect.orElseSucceed(() => ""))
  const reason = log.split("\n").filter((line) => /FATAL|PANIC|error:/.test(line)).at(-1)
  const detail = reason === undefined
    ? `${what}; see ${folder.log}.`
    : `${what}: ${reason.replace(/^.*?(FATAL|PANIC|error):\s*/, "")}`
  return yield* new EmbeddedPostgresFailed({ folder: folder.folder, detail })
})
