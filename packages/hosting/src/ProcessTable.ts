import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { execFile } from "node:child_process"

/** Whether a process with this id lives, whoever owns it. */
export const isAlive = (pid: number): boolean => {
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
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(`/proc/${pid}/stat`)).pipe(
    // The command in parentheses may hold spaces; the start time is the twentieth field after it.
    Effect.map((stat) => stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""),
    Effect.orElse(() => ps(pid, "lstart="))
  )

const ps = (pid: number, column: string): Effect.Effect<string> =>
  Effect.async<string>((resume) => {
    execFile("ps", ["-o", column, "-p", String(pid)], (error, out) => resume(Effect.succeed(error ? "" : out.trim())))
  })
