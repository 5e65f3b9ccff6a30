import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))
export const services = ["inventory", "order", "payment", "warehouse"]
export const packages = ["contracts", "hosting", "messaging", "quartet", "stripe-simulator"]

/** The TypeScript files below a folder of the project, as paths relative to that folder. */
export const filesOf = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(join(root, folder), join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules") && !path.includes(".tsbuild"))
    .toSorted()

export interface Import {
  readonly file: string
  readonly from: string
}

const importing = /^(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"/gm

/** Every import below a folder. */
export const importsOf = (folder: string): ReadonlyArray<Import> =>
  filesOf(folder).flatMap((file) =>
    [...readFileSync(join(root, folder, file), "utf8").matchAll(importing)].map(([, from, bare]) => ({
      file: join(folder, file),
      from: from ?? bare ?? ""
    }))
  )
