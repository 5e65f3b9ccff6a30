import { Effect } from "effect"
import type { ChildProcess } from "node:child_process"
import { execFile, spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { RabbitMqFailed } from "./RabbitMqFailed.ts"

/** In a process group of its own, so that Ctrl-C reaches the test run alone. */
export const launch = (home: string, env: Record<string, string>, program: string, args: ReadonlyArray<string>) => {
  const log = openSync(join(home, "log", "output"), "a")
  try {
    return spawn(program, args, { cwd: home, env, detached: true, stdio: ["ignore", log, log] }).on("error", () => {})
  } finally {
    closeSync(log)
  }
}

/**
 * A shell that outlives us and ends what it was told of last, however we end: it waits for the end of its input. It takes
 * the folder away too.
 */
export const makeGuard = (home: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn("sh", [
          "-c",
          `while read -r line; do groups=$line; done; kill -s KILL -- $groups; sleep 0.1; rm -rf "$1"`,
          "sh",
          home
        ], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
      ),
      (shell) =>
        Effect.suspend(() => {
          shell.stdin.end()
          return Effect.ignore(dying(shell))
        }).pipe(Effect.interruptible, Effect.timeout("10 seconds"), Effect.ignore)
    ),
    (shell) => (...processes: ReadonlyArray<ChildProcess>) =>
      void shell.stdin.write(`${processes.flatMap(({ pid }) => pid === undefined ? [] : [`-${pid}`]).join(" ")}\n`)
  )

/** Runs a program to its end. */
export const execute = (program: string, args: ReadonlyArray<string>, env?: Record<string, string>) =>
  Effect.async<string, RabbitMqFailed>((resume) => {
    execFile(
      program,
      args,
      { timeout: 300_000, ...(env === undefined ? {} : { env }) },
      (error, out) =>
        resume(error === null ? Effect.succeed(out.trim()) : new RabbitMqFailed({ detail: error.message }))
    )
  })

export const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

/** Fails when the process is gone. */
export const dying = (child: ChildProcess) =>
  Effect.async<never, RabbitMqFailed>((resume) => {
    const gone = () => resume(new RabbitMqFailed({ detail: "RabbitMQ ended by itself." }))
    if (isOver(child) || child.pid === undefined) gone()
    else child.once("exit", gone)
  })
