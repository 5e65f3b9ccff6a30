import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { execFile } from "node:child_process"

/**
 * Whether a process with this id runs, whoever owns it. The system keeps the id of a process that has ended until its
 * parent asks for its exit code, which may be never; such a zombie holds nothing and does not run.
 */
export const isAlive = (pid: number): Effect.Effect<boolean, never, FileSystem.FileSystem> =>
  Effect.suspend(() =>
    isListed(pid)
      // Where the system hides other users' processes, it does not show their state either.
      ? Effect.map(stateOf(pid), (state) => state === "" ? isListed(pid) : !isEnded.test(state))
      : Effect.succeed(false)
  )

/** Whether the system keeps an entry for this id, be it a zombie's; `kill` with signal 0 changes nothing. */
export const isListed = (pid: number): boolean => {
  // 0 and less would name groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Sends a signal; a process that is gone by then is no error. */
export const signal = (pid: number, name: NodeJS.Signals): Effect.Effect<void> =>
  Effect.ignore(Effect.try(() => process.kill(pid, name)))

/** The command line of a process, or nothing when it is gone. */
export const commandOf = (pid: number): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(`/proc/${pid}/cmdline`)).pipe(
    Effect.map((line) => line.replaceAll("\0", " ")),
    Effect.orElse(() => ps(pid, "command="))
  )

/** When a process began, in whatever form the system says it: with the id it tells one process from its successor. */
export const beginningOf = (pid: number): Effect.Effect<string, never, FileSystem.FileSystem> =>
  statOf(pid).pipe(Effect.map((fields) => fields[19] ?? ""), Effect.orElse(() => ps(pid, "lstart=")))

/** The letter of a process's state; nothing when it is gone. */
const stateOf = (pid: number): Effect.Effect<string, never, FileSystem.FileSystem> =>
  statOf(pid).pipe(
    // The first thread of a killed process may be a zombie while others still hold its files and ports.
    Effect.map(([state = "", ...fields]) => state === "Z" && Number(fields[16]) > 1 ? "ending" : state),
    Effect.orElse(() => ps(pid, "stat="))
  )

/** `Z` is a zombie, `X` and `x` are dead. `ps` appends further letters. */
const isEnded = /^[ZXx]/

/** What Linux tells of a process, from its state on. The command before it, in parentheses, may hold spaces. */
const statOf = (pid: number) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(`/proc/${pid}/stat`)).pipe(
    Effect.map((stat) => stat.slice(stat.lastIndexOf(")") + 2).trim().split(" "))
  )

const ps = (pid: number, column: string): Effect.Effect<string> =>
  Effect.async<string>((resume) => {
    execFile("ps", ["-o", column, "-p", String(pid)], (error, out) => resume(Effect.succeed(error ? "" : out.trim())))
  })
